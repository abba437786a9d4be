package loop_test

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/data"
	"github.com/prunefuse/prunefuse/loop"
	"github.com/prunefuse/prunefuse/loop/config"
	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
)

// imageFolder writes n images of each of three classes, into folders named for them.
func imageFolder(t *testing.T, dir string, n int) {
	t.Helper()
	rng := rand.New(rand.NewPCG(5, uint64(n)))
	for k, class := range []string{"ant", "bee", "cow"} {
		if err := os.MkdirAll(filepath.Join(dir, class), 0o777); err != nil {
			t.Fatal(err)
		}
		for i := range n {
			img := image.NewGray(image.Rect(0, 0, 6, 6))
			for p := range img.Pix {
				img.Pix[p] = uint8(70*k + rng.IntN(80))
			}
			img.Set(0, 0, color.Gray{uint8(i)})
			var b bytes.Buffer
			if err := png.Encode(&b, img); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, class, fmt.Sprintf("%s-%02d.png", class, i)), b.Bytes(), 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// ofImages is a run of people on image files.
func ofImages(t *testing.T) (folder string, c config.Config) {
	t.Helper()
	folder = t.TempDir()
	imageFolder(t, filepath.Join(folder, "pool"), 20)
	imageFolder(t, filepath.Join(folder, "test"), 4)
	c = everything(folder)
	c.Data, c.Test = filepath.Join(folder, "pool"), filepath.Join(folder, "test")
	c.Arms, c.Label.Sync, c.Proxy = []string{config.ArmPruneFuse}, 0, config.Proxy{}
	c.Label.From, c.Label.Initial, c.Label.Add = config.FromPeople, 9, []int{6}
	return folder, c
}

// classOf is the truth, which the names of the files tell.
func classOf(_ int, id string) string { return filepath.Base(id)[:3] }

// breakImage cuts an image off behind its header.
func breakImage(t *testing.T, path string) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err == nil {
		err = os.WriteFile(path, content[:len(content)/2], 0o666)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// Images that cannot be read are neither among the first labels nor in a later batch; that
// is said, and the others are those that would have been drawn.
func TestUnreadableAmongTheFirst(t *testing.T) {
	t.Parallel()
	orttest.Need(t)
	for _, from := range []string{config.FromPeople, config.FromPool} {
		t.Run(from, func(t *testing.T) {
			t.Parallel()
			folder, asked := ofImages(t)
			before := newCrew(t, "", asked.Data).table(filepath.Join(waits(t, asked, options(filepath.Join(folder, "before"))).Batch, "batch.csv"))
			broken := []string{before[1][1], before[4][1]}
			for _, id := range broken {
				breakImage(t, filepath.Join(asked.Data, id))
			}
			var notes []data.Note
			o := options(filepath.Join(folder, "run"))
			o.Note = func(n data.Note) { notes = append(notes, n) }
			c := &crew{t: t, dir: o.Dir}
			asked.Label.From = from
			if from == config.FromPool {
				asked.Arms = []string{config.ArmPruneFuse, config.ArmRandom}
				if err := loop.Run(t.Context(), asked, o); err != nil {
					t.Fatal(err)
				}
			} else {
				batch := waits(t, asked, o).Batch
				after := c.table(filepath.Join(batch, "batch.csv"))
				want := append(slices.Clone(before[2:4]), before[5:]...)
				for i, row := range want {
					if after[1+i][1] != row[1] {
						t.Errorf("sample %d is %s, want %s", i, after[1+i][1], row[1])
					}
				}
				if len(after) != len(before) {
					t.Errorf("%d samples, want %d", len(after)-1, len(before)-1)
				}
				c.fill(batch, classOf)
				c.fill(waits(t, asked, o).Batch, classOf)
				if err := loop.Run(t.Context(), asked, o); err != nil {
					t.Fatal(err)
				}
			}
			said := slices.ContainsFunc(notes, func(n data.Note) bool {
				return n.Lost == 2 && strings.Contains(n.Text, "2 of the samples that were drawn cannot be read, and so not be labelled") && strings.Contains(n.Text, broken[0])
			})
			if !said {
				t.Errorf("it says %+v", notes)
			}
		})
	}
}

func TestTooFewReadable(t *testing.T) {
	t.Parallel()
	orttest.Need(t)
	folder, asked := ofImages(t)
	for _, class := range []string{"ant", "bee", "cow"} {
		for i := range 18 {
			breakImage(t, filepath.Join(asked.Data, class, fmt.Sprintf("%s-%02d.png", class, i)))
		}
	}
	err := loop.Run(t.Context(), asked, options(filepath.Join(folder, "run")))
	if err == nil || !strings.Contains(err.Error(), "9 samples are to be drawn for labels, and only 6 of 60 can be read: sample ") {
		t.Errorf("error %v", err)
	}
}

// A batch keeps its images when one of the pool is gone; the run tells that in a line,
// loses nothing, and goes on when it is back.
func TestImagesGone(t *testing.T) {
	t.Parallel()
	orttest.Need(t)
	for kind, wanted := range map[string]func(id string) string{
		"folder": func(string) string { return "pool has changed since the run began; put back what it was" },
		"list":   func(id string) string { return "pool/" + id },
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			folder, asked := ofImages(t)
			pool := asked.Data
			if kind == "list" {
				asked.Data = listOf(t, folder, 20)
			}
			o := options(filepath.Join(folder, "run"))
			c := &crew{t: t, dir: o.Dir}
			batch := waits(t, asked, o).Batch
			id := c.table(filepath.Join(batch, "batch.csv"))[2][1]
			gone := filepath.Join(pool, filepath.FromSlash(strings.TrimPrefix(id, "pool/")))
			if err := os.Rename(gone, gone+".away"); err != nil {
				t.Fatal(err)
			}
			c.fill(batch, classOf)
			if err := loop.Run(t.Context(), asked, o); err == nil || errors.Is(err, loop.ErrPending) || !strings.Contains(err.Error(), wanted(strings.TrimPrefix(id, "pool/"))) {
				t.Fatalf("error %v", err)
			}
			if err := os.Rename(gone+".away", gone); err != nil {
				t.Fatal(err)
			}
			if again := waits(t, asked, o); again.Batch == batch || status(t, o.Dir).Labelled != 9 {
				t.Errorf("it waits for %+v", again)
			}
		})
	}
}

// The images of a batch that are gone are written again.
func TestBatchImagesGone(t *testing.T) {
	t.Parallel()
	orttest.Need(t)
	folder, asked := ofImages(t)
	o := options(filepath.Join(folder, "run"))
	batch := waits(t, asked, o).Batch
	before, err := os.ReadDir(filepath.Join(batch, "images"))
	if err != nil {
		t.Fatal(err)
	}
	for _, gone := range []string{"images", "cvat.xml", "sheet.html"} {
		if err := os.RemoveAll(filepath.Join(batch, gone)); err != nil {
			t.Fatal(err)
		}
	}
	_ = waits(t, asked, o)
	after, err := os.ReadDir(filepath.Join(batch, "images"))
	if err != nil || len(after) != len(before) {
		t.Errorf("%d images, had %d (%v)", len(after), len(before), err)
	}
	for _, name := range []string{"cvat.xml", "sheet.html"} {
		if _, err := os.Stat(filepath.Join(batch, name)); err != nil {
			t.Error(err)
		}
	}
}

// listOf writes a list of the images in the pool of a folder.
func listOf(t *testing.T, folder string, n int) string {
	t.Helper()
	text := "path\n"
	for _, class := range []string{"ant", "bee", "cow"} {
		for i := range n {
			text += fmt.Sprintf("pool/%s/%s-%02d.png\n", class, class, i)
		}
	}
	path := filepath.Join(folder, "list.csv")
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// A class that is new in a later round makes another run; answers that name it are refused
// with the classes that there are.
func TestNewClass(t *testing.T) {
	t.Parallel()
	orttest.Need(t)
	folder, _, asked := twoWays(t)
	o := options(filepath.Join(folder, "run"))
	c := newCrew(t, o.Dir, asked.Data)
	for range 2 {
		c.fill(waits(t, asked, o).Batch, func(_ int, id string) string { return c.labels[id] })
	}
	third := waits(t, asked, o)
	c.fill(third.Batch, func(at int, id string) string {
		if at == 3 {
			return "gnu"
		}
		return c.labels[id]
	})
	err := loop.Run(t.Context(), asked, o)
	if err == nil || !strings.Contains(err.Error(), `class "gnu" is none of "ant", "bee", "cow"`) {
		t.Errorf("error %v", err)
	}
	more := asked
	more.Classes = append(slices.Clone(asked.Classes), "gnu")
	if err := loop.Run(t.Context(), more, o); err == nil || !strings.Contains(err.Error(), "another configuration: classes differs; name another folder") {
		t.Errorf("error %v", err)
	}
	if s := status(t, o.Dir); s.Labelled != 18 || s.Waiting == nil {
		t.Errorf("the status is %+v", s)
	}
	c.fill(third.Batch, func(_ int, id string) string { return c.labels[id] })
	if err := loop.Run(t.Context(), asked, o); err != nil {
		t.Error(err)
	}
}

// What is wrong with a file for a run is told with what helps there.
func TestRunNamesNoFlagsOfImport(t *testing.T) {
	t.Parallel()
	orttest.Need(t)
	folder, _, asked := twoWays(t)
	o := options(filepath.Join(folder, "run"))
	answers := waits(t, asked, o).Answers
	for _, text := range []string{
		"name,label\nx,ant\n", "id,sample,label\nx,x,ant\n", "id,class\nx,ant\n", "image,id,choice,annotator\nx,1,ant,1\n", "sample,id,answer,annotator\nx,1,ant,1\n",
		`[{"id":1,"data":{"image":"x"},"annotations":[{"result":[{"from_name":"choice","type":"choices","value":{"choices":["ant"]}}]}]}]`,
		`[{"id":1,"data":{"sample":"x"},"annotations":[{"result":[{"from_name":"kind","type":"choices","value":{"choices":["ant"]}}]}]}]`,
		`[{"id":1,"data":{"sample":"x"},"annotations":[{"result":[{"from_name":"choice","type":"choices","value":{"choices":["ant","bee"]}}]}]}]`,
		"id,label\nx,ant\nx,bee\n",
	} {
		file := filepath.Join(answers, "a.txt")
		if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		err := loop.Run(t.Context(), asked, o)
		if err == nil || errors.Is(err, loop.ErrPending) || strings.Contains(err.Error(), "--") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: error %v", text, err)
		}
	}
}
