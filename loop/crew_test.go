package loop_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/loop"
	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
)

// answerAs hands in the answers of an annotator to a batch, right with some
// probability. Only the samples in, where that is not nil, are answered for.
func (c *crew) answerAs(batch, annotator string, right float64, seed uint64, in func(row []string) bool) {
	c.t.Helper()
	rng := rand.New(rand.NewPCG(seed, uint64(len(annotator))))
	text := "id,label,annotator\n"
	for _, row := range c.table(filepath.Join(batch, "batch.csv"))[1:] {
		class := c.labels[row[1]]
		if rng.Float64() >= right {
			others := slices.DeleteFunc([]string{"ant", "bee", "cow"}, func(o string) bool { return o == class })
			class = others[rng.IntN(2)]
		}
		if in == nil || in(row) {
			text += fmt.Sprintf("%s,%s,%s\n", row[1], class, annotator)
		}
	}
	path := filepath.Join(c.dir, loop.AnswersFolder, fmt.Sprintf("%s-%s.csv", annotator, filepath.Base(filepath.Dir(batch))))
	c.write(path, func(f *os.File) error { _, err := f.WriteString(text); return err })
}

// A crew that is right in nine, eight and six of ten answers, of whom one hands in a
// batch twice and quits, comes to the end by consensus, and the status tells who is how
// good.
func TestCrewOfThree(t *testing.T) {
	t.Parallel()
	orttest.Need(t)
	folder, _, asked := twoWays(t)
	asked.Label.Consensus, asked.Label.Disagreement = "dawid-skene", "skip"
	asked.Label.Initial, asked.Label.Add = 40, []int{20}
	asked.Label.Enough = 0.9 // samples on which they are all apart stay without
	o := options(filepath.Join(folder, "run"))
	c := newCrew(t, o.Dir, asked.Data)
	for round := 0; ; round++ {
		var pending *loop.PendingError
		err := loop.Run(t.Context(), asked, o)
		if err == nil {
			break
		}
		if !errors.As(err, &pending) || round > 1 {
			t.Fatalf("round %d: %v", round, err)
		}
		c.answerAs(pending.Batch, "ann", 0.9, uint64(round), nil)
		c.answerAs(pending.Batch, "bob", 0.8, uint64(round), nil)
		if round == 0 { // then eve quits
			c.answerAs(pending.Batch, "eve", 0.6, uint64(round), nil)
			c.answerAs(pending.Batch, "eve", 0.6, uint64(round), nil)
		}
	}
	s := status(t, o.Dir)
	if s.Agreement == nil || s.Agreement.Alpha == nil || len(s.Agreement.Annotators) != 3 || s.Agreement.Shared != 60 {
		t.Fatalf("the status is %+v", s.Agreement)
	}
	by := s.Agreement.Annotators
	if by[0].Labels != 60 || by[2].Labels != 40 || by[0].Right*by[2].Shared <= by[2].Right*by[0].Shared {
		t.Errorf("annotators %+v", by)
	}
	for _, want := range []string{"agreement α 0.", "annotator eve: 40 labels, 0 skipped"} {
		if !strings.Contains(s.Text(), want) {
			t.Errorf("the status is\n%swant %q", s.Text(), want)
		}
	}
}

// Samples that two are to label are named in the batch, by seed, and waited for.
func TestOverlap(t *testing.T) {
	t.Parallel()
	orttest.Need(t)
	folder, _, asked := twoWays(t)
	asked.Label.Overlap = 0.2 // 3 of 12
	o := options(filepath.Join(folder, "run"))
	c := newCrew(t, o.Dir, asked.Data)
	first := waits(t, asked, o)
	table := c.table(filepath.Join(first.Batch, "batch.csv"))
	at := slices.Index(table[0], "annotators")
	wantsTwo := func(row []string) bool { return row[at] == "2" }
	var two []string
	for _, row := range table[1:] {
		if wantsTwo(row) {
			two = append(two, row[1])
		}
	}
	if len(two) != 3 {
		t.Fatalf("%q want two annotators", two)
	}
	lines, err := os.ReadFile(filepath.Join(first.Batch, "batch.jsonl"))
	if err != nil || strings.Count(string(lines), `"annotators":2`) != 3 {
		t.Errorf("%s (%v)", lines, err)
	}
	c.answerAs(first.Batch, "ann", 1, 1, nil)
	if again := waits(t, asked, o); again.Labels != 12 || again.Second != 3 || again.Batch != first.Batch || !strings.Contains(again.Error(), "3 that want a second annotator") {
		t.Errorf("it waits for %+v", again)
	}
	if s := status(t, o.Dir); s.Waiting == nil || s.Waiting.Second != 3 || s.Agreement != nil {
		t.Errorf("the status is %+v", s)
	}
	c.answerAs(first.Batch, "bob", 1, 1, wantsTwo)
	second := waits(t, asked, o)
	if second.Batch == first.Batch || status(t, o.Dir).Agreement.Shared != 3 {
		t.Errorf("it waits for %+v", second)
	}
	// The same seed names the same samples.
	again := options(filepath.Join(folder, "again"))
	other := waits(t, asked, again)
	a, err := os.ReadFile(filepath.Join(first.Batch, "batch.csv"))
	b, err2 := os.ReadFile(filepath.Join(other.Batch, "batch.csv"))
	if err != nil || err2 != nil || string(a) != string(b) {
		t.Errorf("another batch (%v, %v)", err, err2)
	}
}
