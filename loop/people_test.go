package loop_test

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/data"
	"github.com/prunefuse/prunefuse/loop"
	"github.com/prunefuse/prunefuse/loop/config"
	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
)

// A crew labels by files.
type crew struct {
	t      *testing.T
	dir    string
	labels map[string]string // the truth, by ID
}

func newCrew(t *testing.T, dir, pool string) *crew {
	t.Helper()
	set, err := data.Open(pool, data.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer data.Close(set)
	c := &crew{t, dir, map[string]string{}}
	for i := range set.Len() {
		c.labels[set.ID(i)] = []string{"ant", "bee", "cow"}[set.Label(i)]
	}
	return c
}

// table reads the table of a batch.
func (c *crew) table(path string) [][]string {
	c.t.Helper()
	f, err := os.Open(path)
	if err != nil {
		c.t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		c.t.Fatal(err)
	}
	return rows
}

func (c *crew) write(path string, write func(f *os.File) error) {
	c.t.Helper()
	f, err := os.Create(path)
	if err == nil {
		err = errors.Join(write(f), f.Close())
	}
	if err != nil {
		c.t.Fatal(err)
	}
}

// fill fills in the table of a batch: answer says what is written for a sample.
func (c *crew) fill(batch string, answer func(at int, id string) string) {
	c.t.Helper()
	path := filepath.Join(batch, "batch.csv")
	rows := c.table(path)
	for at, row := range rows[1:] {
		row[4] = answer(at, row[1])
	}
	c.write(path, func(f *os.File) error { return csv.NewWriter(f).WriteAll(rows) })
}

// export hands in the batch as Label Studio exports it.
func (c *crew) export(batch, to string) {
	c.t.Helper()
	content, err := os.ReadFile(filepath.Join(batch, "label-studio.json"))
	if err != nil {
		c.t.Fatal(err)
	}
	var tasks []map[string]any
	if err := json.Unmarshal(content, &tasks); err != nil {
		c.t.Fatal(err)
	}
	for i, task := range tasks {
		task["id"] = 1000 + i
		class := c.labels[task["data"].(map[string]any)["sample"].(string)]
		task["annotations"] = []any{map[string]any{"result": []any{map[string]any{
			"from_name": "choice", "to_name": "image", "type": "choices", "value": map[string]any{"choices": []string{class}},
		}}}}
	}
	c.write(to, func(f *os.File) error { return json.NewEncoder(f).Encode(tasks) })
}

// cvat hands in the batch as CVAT exports it, which knows the images by their files, with
// the guesses that nobody confirmed.
func (c *crew) cvat(batch, to string) {
	c.t.Helper()
	content, err := os.ReadFile(filepath.Join(batch, "cvat.xml"))
	if err != nil {
		c.t.Fatal(err)
	}
	text := string(content)
	for _, row := range c.table(filepath.Join(batch, "batch.csv"))[1:] {
		at := strings.Index(text, fmt.Sprintf("name=%q", filepath.Base(row[5])))
		if at < 0 {
			c.t.Fatalf("no %s in %s", row[5], text)
		}
		at += strings.Index(text[at:], ">") + 1
		text = fmt.Sprintf(`%s<tag label="%s" source="manual"></tag>%s`, text[:at], c.labels[row[1]], text[at:])
	}
	c.write(to, func(f *os.File) error { _, err := f.WriteString(text); return err })
}

// coco hands in the batch in the form of COCO, as CVAT exports boxes.
func (c *crew) coco(batch, to string) {
	c.t.Helper()
	content, err := os.ReadFile(filepath.Join(batch, "coco.json"))
	if err != nil {
		c.t.Fatal(err)
	}
	var file map[string]any
	if err := json.Unmarshal(content, &file); err != nil {
		c.t.Fatal(err)
	}
	category := map[string]any{}
	for _, k := range file["categories"].([]any) {
		category[k.(map[string]any)["name"].(string)] = k.(map[string]any)["id"]
	}
	var annotations []any
	for i, row := range c.table(filepath.Join(batch, "batch.csv"))[1:] {
		image := file["images"].([]any)[i].(map[string]any)
		if image["file_name"] != filepath.Base(row[5]) || image["width"].(float64) < 1 {
			c.t.Fatalf("image %d is %v, want %s", i, image, row[5])
		}
		annotations = append(annotations, map[string]any{
			"id": i + 1, "image_id": image["id"], "category_id": category[c.labels[row[1]]],
			"segmentation": []any{}, "area": 4, "bbox": []float64{0, 0, 2, 2}, "iscrowd": 0, "attributes": map[string]any{"occluded": false},
		})
	}
	file["annotations"] = annotations
	c.write(to, func(f *os.File) error { return json.NewEncoder(f).Encode(file) })
}

// waits runs until people are wanted and returns what for.
func waits(t *testing.T, c config.Config, o loop.Options) *loop.PendingError {
	t.Helper()
	var pending *loop.PendingError
	if err := loop.Run(t.Context(), c, o); !errors.As(err, &pending) || !errors.Is(err, loop.ErrPending) {
		t.Fatalf("error %v", err)
	}
	return pending
}

func status(t *testing.T, dir string) *loop.Status {
	t.Helper()
	s, err := loop.ReadStatus(dir)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// twoWays are the same run with known labels and with people.
func twoWays(t *testing.T) (folder string, known, asked config.Config) {
	t.Helper()
	folder = t.TempDir()
	samples(t, folder)
	known = everything(folder)
	known.Arms, known.Label.Sync, known.Proxy, known.Classes = []string{config.ArmPruneFuse}, 0, config.Proxy{}, []string{"ant", "bee", "cow"}
	asked = known
	asked.Label.From = config.FromPeople
	return folder, known, asked
}

// Where the crew makes no mistakes a run with people ends as the one that knew the
// labels, whichever way the answers come back.
func TestPeopleEndAsKnown(t *testing.T) {
	t.Parallel()
	orttest.Need(t)
	folder, known, asked := twoWays(t)
	if err := loop.Run(t.Context(), known, options(filepath.Join(folder, "known"))); err != nil {
		t.Fatal(err)
	}
	want := products(t, filepath.Join(folder, "known"))
	label := regexp.MustCompile(`"label":\d,`) // of a pool with labels, in a selection
	for name, text := range want {
		if strings.HasSuffix(name, "/selected.jsonl") {
			want[name] = label.ReplaceAllString(text, "")
		}
	}
	for way, hand := range map[string]func(c *crew, round int, batch string){
		"files": (*crew).inFiles,
		"coco": func(c *crew, round int, batch string) {
			c.coco(batch, filepath.Join(c.dir, loop.AnswersFolder, fmt.Sprintf("instances-%d.json", round)))
		},
		"page": func(c *crew, _ int, _ string) { c.onPage("Ann") },
	} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			endsAs(t, want, asked, filepath.Join(folder, way), hand)
		})
	}
}

// inFiles hands in a batch as a table, as Label Studio exports it, or as CVAT does, which
// knows the images by their files.
func (c *crew) inFiles(round int, batch string) {
	switch round {
	case 2:
		c.cvat(batch, filepath.Join(c.dir, loop.AnswersFolder, "annotations.xml"))
	case 1:
		c.export(batch, filepath.Join(c.dir, loop.AnswersFolder, "project.json"))
	default:
		c.fill(batch, func(_ int, id string) string { return c.labels[id] })
	}
}

// endsAs does a run whose batches are handed in by a crew, and compares what it made.
func endsAs(t *testing.T, want map[string]string, asked config.Config, dir string, hand func(c *crew, round int, batch string)) {
	o := options(dir)
	c := newCrew(t, o.Dir, asked.Data)
	for round := 0; ; round++ {
		var pending *loop.PendingError
		err := loop.Run(t.Context(), asked, o)
		if err == nil {
			break
		}
		if !errors.As(err, &pending) || pending.Labels != 0 || pending.Pending() != pending.Asked || round > 3 {
			t.Fatalf("round %d: %v", round, err)
		}
		if s := status(t, o.Dir); s.Waiting == nil || s.Waiting.Asked != pending.Asked || s.Waiting.Batch != pending.Batch {
			t.Errorf("the status is %+v", s)
		}
		hand(c, round, pending.Batch)
	}
	same(t, want, products(t, o.Dir))
	if s := status(t, o.Dir); s.Next != "" || s.Waiting != nil || s.Labelled != s.Budget {
		t.Errorf("the status in the end is %+v", s)
	}
}

// With enough of a batch the run goes on; what came late is used in the next round,
// and what nobody can label is not asked for again.
func TestEnoughLateAndSkipped(t *testing.T) {
	t.Parallel()
	orttest.Need(t)
	folder, _, asked := twoWays(t)
	asked.Label.Enough = 0.75 // 9 of 12
	o := options(filepath.Join(folder, "run"))
	c := newCrew(t, o.Dir, asked.Data)
	first := waits(t, asked, o)
	late, skipped := "", ""
	c.fill(first.Batch, func(at int, id string) string {
		switch {
		case at == 0:
			skipped = id
			return "skip"
		case at == 1:
			late = id
			return ""
		case at < 8:
			return c.labels[id]
		}
		return ""
	})
	if again := waits(t, asked, o); again.Labels != 6 || again.Skipped != 1 || again.Batch != first.Batch {
		t.Errorf("it waits for %+v", again.Counts)
	}
	c.fill(first.Batch, func(at int, id string) string {
		switch {
		case at == 0:
			return "skip"
		case at == 1 || at > 9:
			return ""
		}
		return c.labels[id]
	})
	second := waits(t, asked, o)
	if s := status(t, o.Dir); s.Labelled != 8 || s.NoLabel != 1 {
		t.Errorf("the status is %+v", s)
	}
	wanted := c.table(filepath.Join(second.Batch, "batch.csv"))
	for _, row := range wanted[1:] {
		if row[1] == skipped {
			t.Errorf("%s is asked for again, which nobody can label", skipped)
		}
	}
	c.fill(first.Batch, func(at int, id string) string {
		if at == 0 {
			return "skip"
		}
		return c.labels[id]
	})
	c.fill(second.Batch, func(_ int, id string) string { return c.labels[id] })
	_ = waits(t, asked, o)
	labels, err := os.ReadFile(filepath.Join(o.Dir, "round-000", "labels.jsonl"))
	if err != nil || !strings.Contains(string(labels), `"`+late+`"`) {
		t.Errorf("the late label of %s is not used: %v", late, err)
	}
	seen := map[string]bool{}
	all, err := filepath.Glob(filepath.Join(o.Dir, "*", "labels.jsonl"))
	if err != nil || len(all) != 2 {
		t.Fatalf("%q (%v)", all, err)
	}
	for _, path := range all {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(content)) {
			var l struct {
				ID, Class string
				Skipped   bool
			}
			if err := json.Unmarshal([]byte(line), &l); err != nil || seen[l.ID] || l.Skipped != (l.ID == skipped) || !l.Skipped && l.Class != c.labels[l.ID] {
				t.Errorf("%s (%v)", line, err)
			}
			seen[l.ID] = true
		}
	}
}

// Answers that cannot be stop the run with all that is wrong, and change nothing.
func TestAnswersOfPeopleThatCannotBe(t *testing.T) {
	t.Parallel()
	orttest.Need(t)
	folder, _, asked := twoWays(t)
	o := options(filepath.Join(folder, "run"))
	first := waits(t, asked, o)
	id := func(at int) string {
		return newCrew(t, o.Dir, asked.Data).table(filepath.Join(first.Batch, "batch.csv"))[at+1][1]
	}
	file := filepath.Join(first.Answers, "a.csv")
	for about, tc := range map[string]struct{ text, want string }{
		"unknown class":  {fmt.Sprintf("id,label\n%s,gnu\n%s,Bee\n", id(0), id(1)), `2 problems: ` + file + `: ` + id(0) + `: class "gnu" is none of "ant", "bee", "cow"; `},
		"another run":    {"id,label\nnobody,ant\n", `the pool has no sample "nobody"`},
		"conflict":       {fmt.Sprintf("id,label\n%s,ant\n%s,bee\n", id(0), id(0)), file + ": " + id(0) + `: the answers differ, "ant", "bee"`},
		"no table":       {"what?", file + ": "},
		"empty":          {"", file + ": the file is empty"},
		"two in a class": {fmt.Sprintf("id,label\n%s,\"ant,bee\"\n", id(0)), `class "ant,bee" is none of`},
	} {
		if err := os.WriteFile(file, []byte(tc.text), 0o666); err != nil {
			t.Fatal(err)
		}
		if err := loop.Run(t.Context(), asked, o); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: error %v, want %q", about, err, tc.want)
		}
		if s := status(t, o.Dir); s.Labelled != 0 {
			t.Errorf("%s: the status is %+v", about, s)
		}
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	// An answer that comes before its sample is asked for waits.
	var notes []string
	o.Note = func(n data.Note) { notes = append(notes, n.Text) }
	c := newCrew(t, o.Dir, asked.Data)
	early := ""
	for id := range c.labels {
		if !slices.ContainsFunc(c.table(filepath.Join(first.Batch, "batch.csv")), func(row []string) bool { return row[1] == id }) {
			early = id
		}
	}
	c.write(file, func(f *os.File) error { _, err := fmt.Fprintf(f, "id,label\n%s,ant\n", early); return err })
	if again := waits(t, asked, o); again.Labels != 0 || !slices.ContainsFunc(notes, func(n string) bool { return strings.Contains(n, "no batch has asked for, 1 of them") }) {
		t.Errorf("it waits for %+v, and tells %q", again.Counts, notes)
	}
	if err := os.Mkdir(filepath.Join(first.Answers, "monday"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := loop.Run(t.Context(), asked, o); err == nil || !strings.Contains(err.Error(), "monday is a folder: put the files themselves") {
		t.Errorf("error %v", err)
	}
	if err := errors.Join(os.Remove(filepath.Join(first.Answers, "monday")), os.Remove(file)); err != nil {
		t.Fatal(err)
	}
	// A batch that was deleted is written again.
	if err := os.RemoveAll(first.Batch); err != nil {
		t.Fatal(err)
	}
	_ = waits(t, asked, o)
	if _, err := os.Stat(filepath.Join(first.Batch, "batch.csv")); err != nil {
		t.Error(err)
	}
	// What people filled in is not replaced.
	newCrew(t, o.Dir, asked.Data).fill(first.Batch, func(int, string) string { return "ant" })
	o.Force = true
	if err := loop.Run(t.Context(), asked, o); err == nil || !strings.Contains(err.Error(), "batch.csv has labels that people gave") {
		t.Errorf("error %v", err)
	}
}
