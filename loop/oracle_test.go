package loop_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/loop"
	"github.com/prunefuse/prunefuse/loop/config"
	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
)

// people answer every second time that they are asked for a batch.
type people struct {
	asked   [][]loop.Sample
	answers func(batch []loop.Sample) []loop.Answer
}

func (p *people) Label(_ context.Context, batch []loop.Sample) ([]loop.Answer, error) {
	p.asked = append(p.asked, batch)
	if len(p.asked)%2 == 1 {
		return nil, fmt.Errorf("batch %d: %w", len(p.asked)/2, loop.ErrPending)
	}
	return p.answers(batch), nil
}

func byIndex(batch []loop.Sample) []loop.Answer {
	var out []loop.Answer
	for _, s := range batch {
		out = append(out, loop.Answer{Index: s.Index, Label: s.Index % 3})
	}
	return out
}

// peopled is a run on a pool without labels.
func peopled(t *testing.T) (folder string, c config.Config) {
	t.Helper()
	folder = t.TempDir()
	samples(t, folder)
	if err := os.Remove(filepath.Join(folder, "pool", "labels.npy")); err != nil {
		t.Fatal(err)
	}
	c = everything(folder)
	c.Arms, c.Label.Sync, c.Proxy = []string{config.ArmPruneFuse}, 0, config.Proxy{}
	return folder, c
}

// A run with people stops when it needs them, and goes on when they have
// labelled, with the batch that it asked for.
func TestPending(t *testing.T) {
	t.Parallel()
	orttest.Need(t)
	folder, c := peopled(t)
	oracle := &people{answers: byIndex}
	o := options(filepath.Join(folder, "run"))
	o.Oracle = oracle
	stops := 0
	for {
		err := loop.Run(t.Context(), c, o)
		if err == nil {
			break
		}
		if !errors.Is(err, loop.ErrPending) {
			t.Fatal(err)
		}
		if stops++; stops > 9 {
			t.Fatal("it never ends")
		}
		if r, err := loop.ReadReport(o.Dir); err != nil || len(r.Accuracies) > 1 || !strings.HasPrefix(r.Verdict, "The run is not finished: ") {
			t.Errorf("the report so far: %+v, %v", r, err)
		}
	}
	if stops != 3 {
		t.Errorf("%d stops for three batches", stops)
	}
	chosen := map[int]bool{}
	for i := 0; i < len(oracle.asked); i += 2 {
		if !slices.Equal(oracle.asked[i], oracle.asked[i+1]) {
			t.Errorf("batch %d was another when it was asked for again", i/2)
		}
		for _, s := range oracle.asked[i] {
			if chosen[s.Index] {
				t.Errorf("sample %d was asked for twice", s.Index)
			}
			chosen[s.Index] = true
		}
	}
	if len(chosen) != 26 {
		t.Errorf("%d samples were asked for", len(chosen))
	}
}

func TestAnswersThatCannotBe(t *testing.T) {
	t.Parallel()
	orttest.Need(t)
	folder, c := peopled(t)
	for name, tc := range map[string]struct {
		change func([]loop.Answer) []loop.Answer
		want   string
	}{
		"none":       {func([]loop.Answer) []loop.Answer { return nil }, "no answer for 12 samples"},
		"twice":      {func(a []loop.Answer) []loop.Answer { return append(a, a[2]) }, "is answered for, and was before"},
		"outside":    {func(a []loop.Answer) []loop.Answer { a[1].Index = 999; return a }, "answer for sample 999"},
		"no class":   {func(a []loop.Answer) []loop.Answer { a[3].Label = 3; return a }, "is labelled 3; the classes are 0 to 2"},
		"unlabelled": {func(a []loop.Answer) []loop.Answer { a[3].Label = -1; return a }, "is labelled -1"},
	} {
		oracle := &people{asked: make([][]loop.Sample, 1), answers: func(b []loop.Sample) []loop.Answer { return tc.change(byIndex(b)) }}
		o := options(filepath.Join(folder, strings.ReplaceAll(name, " ", "-")))
		o.Oracle = oracle
		if err := loop.Run(t.Context(), c, o); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: error %v, want %q", name, err, tc.want)
		}
	}
}

// Without an Oracle the labels are those of the pool, which has to have them.
func TestKnownNeedsLabels(t *testing.T) {
	t.Parallel()
	orttest.Need(t)
	folder, c := peopled(t)
	o := options(filepath.Join(folder, "run"))
	if err := loop.Run(t.Context(), c, o); err == nil || !strings.Contains(err.Error(), "sample x/0 has no label") {
		t.Errorf("error %v", err)
	}
	if _, err := os.Stat(o.Dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder is there: %v", err)
	}
}
