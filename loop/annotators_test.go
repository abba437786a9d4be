package loop_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/internal/report"
	"github.com/prunefuse/prunefuse/loop"
	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
)

// annotators are those of the report of a run, by name.
func annotators(t *testing.T, dir string) (*report.People, map[string]report.Annotator) {
	t.Helper()
	r, err := loop.ReadReport(dir)
	if err != nil {
		t.Fatal(err)
	}
	if r.People == nil {
		t.Fatal("the report says nothing of people")
	}
	by := map[string]report.Annotator{}
	for _, a := range r.People.Annotators {
		by[a.Name] = a
	}
	return r.People, by
}

// The report says who labelled what, who was late, and how well they agree: by the
// files while a batch is open, by the log of labels when the files are gone.
func TestReportSaysWhoLabelled(t *testing.T) {
	t.Parallel()
	orttest.Need(t)
	folder, _, asked := twoWays(t)
	asked.Label.Enough = 0.75 // 9 of 12
	o := options(filepath.Join(folder, "run"))
	c := newCrew(t, o.Dir, asked.Data)
	first := waits(t, asked, o)
	rows := c.table(filepath.Join(first.Batch, "batch.csv"))[1:]
	until := func(n int) func(row []string) bool {
		return func(row []string) bool {
			return slices.IndexFunc(rows, func(r []string) bool { return r[1] == row[1] }) < n
		}
	}
	c.answerAs(first.Batch, "ann", 1, 1, until(8))
	if _, by := annotators(t, o.Dir); by["ann"].Labels != 8 || by["ann"].Late != 0 {
		t.Errorf("while the batch is open ann is %+v", by["ann"])
	}
	c.answerAs(first.Batch, "bob", 1, 1, until(7))
	c.write(filepath.Join(o.Dir, loop.AnswersFolder, "zoe.csv"), func(f *os.File) error {
		_, err := f.WriteString("id,label,annotator\n" + rows[8][1] + ",skip,zoe\n" + rows[9][1] + ",unsure,zoe\n")
		return err
	})
	second := waits(t, asked, o)
	if second.Batch == first.Batch {
		t.Fatalf("it waits for %+v", second)
	}
	c.answerAs(first.Batch, "ann", 1, 1, nil) // four more, of which one cannot be labelled as zoe says
	late := 4
	for _, row := range c.table(filepath.Join(second.Batch, "batch.csv"))[1:] {
		if slices.ContainsFunc(rows[8:], func(r []string) bool { return r[1] == row[1] }) {
			late-- // it is asked for again
		}
	}
	check := func(when string, labels int) {
		t.Helper()
		p, by := annotators(t, o.Dir)
		ann, bob, zoe := by["ann"], by["bob"], by["zoe"]
		switch {
		case len(by) != 3, p.Problem != "", late < 1, p.Shared != 7, p.Disagreed != 0, p.Alpha == nil:
			t.Errorf("%s: %+v", when, p)
		case ann.Labels != labels, ann.Late != late, ann.Shared != 7, ann.Right != 7, *ann.RightShare != 1:
			t.Errorf("%s: ann is %+v", when, ann)
		case bob.Labels != 7, bob.Late != 0, zoe.Late != 0, zoe.Labels != 0, zoe.Skipped != 1, zoe.Unsure != 1, zoe.RightShare != nil:
			t.Errorf("%s: bob is %+v, zoe %+v", when, bob, zoe)
		}
	}
	check("before a step takes the late answers", 12)
	c.answerAs(second.Batch, "ann", 1, 1, nil)
	if third := waits(t, asked, o); third.Batch == second.Batch {
		t.Fatalf("it waits for %+v", third)
	}
	labels := 12 + second.Asked - (4 - late)
	check("after a step took them", labels)
	bad := filepath.Join(o.Dir, loop.AnswersFolder, "bad.csv")
	c.write(bad, func(f *os.File) error { _, err := f.WriteString("id,label\nno such sample at all"); return err })
	if p, by := annotators(t, o.Dir); !strings.Contains(p.Problem, "bad.csv") || by["ann"].Labels != labels {
		t.Errorf("beside a file that cannot be read: %q, %+v", p.Problem, by["ann"])
	}
	if err := os.RemoveAll(filepath.Join(o.Dir, loop.AnswersFolder)); err != nil {
		t.Fatal(err)
	}
	check("without the files", labels)
}

// An answer that its annotator changed after it was taken counts as it is now.
func TestReportOfChangedAnswers(t *testing.T) {
	t.Parallel()
	orttest.Need(t)
	folder, _, asked := twoWays(t)
	o := options(filepath.Join(folder, "run"))
	c := newCrew(t, o.Dir, asked.Data)
	first := waits(t, asked, o)
	c.answerAs(first.Batch, "ann", 1, 1, nil)
	if second := waits(t, asked, o); second.Batch == first.Batch {
		t.Fatalf("it waits for %+v", second)
	}
	path := filepath.Join(o.Dir, loop.AnswersFolder, "ann-first.csv")
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(content), ",ant,", ",unsure,", 1)
	c.write(path, func(f *os.File) error { _, err := f.WriteString(text); return err })
	if _, by := annotators(t, o.Dir); by["ann"].Labels != 11 || by["ann"].Unsure != 1 || by["ann"].Late != 0 {
		t.Errorf("ann is %+v", by["ann"])
	}
}
