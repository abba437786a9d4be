package loop_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/labelling"
	"github.com/prunefuse/prunefuse/loop"
	"github.com/prunefuse/prunefuse/loop/config"
	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
)

// photographs writes n JPEG files of each of three classes, which differ in colour.
func photographs(t *testing.T, folder string, n int) {
	t.Helper()
	rng := rand.New(rand.NewPCG(3, uint64(n)))
	for class, name := range []string{"ant", "bee", "cow"} {
		if err := os.MkdirAll(filepath.Join(folder, name), 0o777); err != nil {
			t.Fatal(err)
		}
		for i := range n {
			picture := image.NewRGBA(image.Rect(0, 0, 8, 8))
			for at := range picture.Pix {
				picture.Pix[at] = uint8(90 + rng.IntN(80))
			}
			for x := range 8 {
				var c [3]uint8
				c[class] = uint8(150 + rng.IntN(100))
				picture.Set(x, rng.IntN(8), color.RGBA{c[0], c[1], c[2], 255})
			}
			f, err := os.Create(filepath.Join(folder, name, fmt.Sprintf("%03d.jpg", i)))
			if err == nil {
				err = errors.Join(jpeg.Encode(f, picture, nil), f.Close())
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
}

// Five rounds on JPEG files, labelled by three who are right in nine, eight and six of
// ten answers, of whom the third hands in a batch twice and then quits: every answer is
// in the log as it was given, and the labels beat those of the answers that came last.
func TestFiveRoundsOfACrew(t *testing.T) {
	t.Parallel()
	orttest.Need(t)
	folder := t.TempDir()
	photographs(t, filepath.Join(folder, "pool"), 30)
	photographs(t, filepath.Join(folder, "test"), 4)
	for seed := range uint64(10) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			crewRun(t, folder, seed)
		})
	}
}

func crewRun(t *testing.T, folder string, seed uint64) {
	c := config.DefaultConfig()
	c.Data, c.Test, c.Seed = filepath.Join(folder, "pool"), filepath.Join(folder, "test"), seed
	c.Model, c.Arms = config.Network{Arch: "mlp", Width: 0.1}, []string{config.ArmPruneFuse}
	c.Label = config.Label{From: config.FromPeople, Initial: 20, Add: []int{8, 8, 8, 8}, Strategy: "margin", Consensus: "dawid-skene"}
	c.Selector.Steps, c.Final.Steps, c.Selector.Batch, c.Final.Batch = 6, 6, 4, 4
	o := options(filepath.Join(folder, fmt.Sprintf("run-%d", seed)))
	team := newCrew(t, o.Dir, c.Data)
	rounds := 0
	for ; ; rounds++ {
		var pending *loop.PendingError
		err := loop.Run(t.Context(), c, o)
		if err == nil {
			break
		}
		if !errors.As(err, &pending) || rounds > 4 {
			t.Fatalf("round %d: %v", rounds, err)
		}
		draw := 100*seed + uint64(rounds)
		team.answerAs(pending.Batch, "ann", 0.9, draw, nil)
		team.answerAs(pending.Batch, "bob", 0.8, draw, nil)
		if rounds < 3 {
			team.answerAs(pending.Batch, "eve", 0.6, draw, nil)
		}
		if rounds == 2 { // once more under another name of the file
			content, err := os.ReadFile(filepath.Join(o.Dir, loop.AnswersFolder, "eve-round-001.csv"))
			if err != nil {
				t.Fatal(err)
			}
			team.write(filepath.Join(o.Dir, loop.AnswersFolder, "eve-again.csv"), func(f *os.File) error { _, err := f.Write(content); return err })
		}
	}
	if rounds != 5 {
		t.Errorf("it asked %d times", rounds)
	}
	if _, err := loop.Verify(o.Dir); err != nil {
		t.Error(err)
	}
	all := logged(t, o.Dir)
	last, err := labelling.Decide(all, labelling.Config{Disagreement: labelling.Last})
	if err != nil {
		t.Fatal(err)
	}
	byLast := map[string]string{}
	for _, l := range last.Labels {
		byLast[l.ID] = l.Class
	}
	taken := takenLabels(t, o.Dir)
	if len(taken) != 52 || len(byLast) != 52 {
		t.Fatalf("%d labels, %d by the last answer", len(taken), len(byLast))
	}
	if a, b := team.right(taken), team.right(byLast); a <= b {
		t.Errorf("of 52 labels %d are right by consensus, %d by the last answer", a, b)
	}
	for _, a := range all {
		if got := team.answer(filepath.Join(o.Dir, a.File), a.Row); got != a.Sample+","+a.Class+","+a.Annotator {
			t.Errorf("line %d of %s is %s, and the log has %+v", a.Row, a.File, got, a)
		}
	}
	if n := len(all); n != 52+52+36+8 {
		t.Errorf("the log has %d answers", n)
	}
}

// logged are the annotations in the log of labels.
func logged(t *testing.T, dir string) (all []labelling.Annotation) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(dir, "labels.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(content)) {
		var a labelling.Annotation
		if err := json.Unmarshal([]byte(line), &a); err != nil {
			t.Fatal(err)
		}
		all = append(all, a)
	}
	return all
}

// takenLabels are the classes in the files of labels of a run, by sample.
func takenLabels(t *testing.T, dir string) map[string]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*", "labels.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(content)) {
			var l struct{ ID, Class string }
			if err := json.Unmarshal([]byte(line), &l); err != nil || out[l.ID] != "" {
				t.Errorf("%s (%v)", line, err)
			}
			out[l.ID] = l.Class
		}
	}
	return out
}

// right counts the labels that are the truth.
func (c *crew) right(labels map[string]string) (n int) {
	for id, class := range labels {
		if c.labels[id] == class {
			n++
		}
	}
	return n
}

// answer is a line of a file that the crew handed in.
func (c *crew) answer(path string, line int) string {
	c.t.Helper()
	return strings.Join(c.table(path)[line-1], ",")
}
