package job

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/scoring/scoringtest"
	"github.com/prunefuse/prunefuse/scoring/selection"
)

// classed is a pool with labels and names of classes.
type classed struct {
	scoringtest.Pool
	label func(i int) int
	names []string
}

func (c classed) Label(i int) int   { return c.label(i) }
func (c classed) Classes() []string { return c.names }

func byParity(i int) int { return i % 2 }

func unlabelled(int) int { return -1 }

// A pass with other labels, or other names of the classes, neither goes on from a
// journal nor counts for a shard that is complete, nor merges with its shards.
func TestLabelsOfOneRun(t *testing.T) {
	t.Parallel()
	const n = 60
	names := []string{"ant", "bee"}
	for name, c := range map[string]struct {
		label func(int) int
		names []string
		says  string // "" where it is the same run
	}{
		"the same":       {byParity, names, ""},
		"a late label":   {func(i int) int { return i % 2 * min(1, n-1-i) }, names, "they differ in the labels"},
		"no labels":      {unlabelled, names, "they differ in the labels"},
		"other names":    {byParity, []string{"bee", "ant"}, "they differ in the names of the classes"},
		"names together": {byParity, []string{"ant,bee"}, "they differ in the names of the classes"},
		"no names":       {byParity, nil, "they differ in the names of the classes"},
	} {
		dir := t.TempDir()
		taskOf := func(shard Shard, label func(int) int, names []string) Task {
			job := Task{Spec: spec(n)}
			_, pool := aPool(n)
			job.Pool, job.Shard, job.Resume = classed{pool, label, names}, shard, true
			job.Output.Scores = filepath.Join(dir, shard.Path("{shard}.jsonl"))
			return job
		}
		check := func(what string, err error) {
			t.Helper()
			if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("%s: %s: error is %v, want %q", name, what, err, c.says)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		stopped := taskOf(Shard{1, 2}, byParity, names)
		stopped.Progress = func(_ string, done, _ int) {
			if done >= 12 {
				cancel()
			}
		}
		if _, err := Run(ctx, stopped); !errors.As(err, new(*StoppedError)) {
			t.Fatal(err)
		}
		cancel()
		_, err := Run(t.Context(), taskOf(Shard{1, 2}, c.label, c.names))
		check("a journal", err)
		r, err := Run(t.Context(), taskOf(Shard{1, 2}, byParity, names))
		if err != nil || c.says != "" && (r.Resumed == 0 || r.Resumed >= r.Scored) {
			t.Fatalf("%s: %+v, %v", name, r, err)
		}
		_, err = Run(t.Context(), taskOf(Shard{1, 2}, c.label, c.names))
		check("a complete shard", err)
		if _, err := Run(t.Context(), taskOf(Shard{2, 2}, c.label, c.names)); err != nil {
			t.Fatal(err)
		}
		shards := []string{filepath.Join(dir, "1.jsonl"), filepath.Join(dir, "2.jsonl")}
		_, err = Merge(t.Context(), shards, Output{Scores: filepath.Join(dir, "all.jsonl")}, false)
		check("a merge", err)
	}
}

// Of a pool without labels the names of the classes are in no file.
func TestClassesWithoutLabels(t *testing.T) {
	t.Parallel()
	s := spec(4)
	s.Pool = classed{scoringtest.Pool{N: 4, Dims: []int{2, 2, 3}}, unlabelled, []string{"ant"}}
	if h, err := s.header(s.pool()); err != nil || h.Labels != "" || h.Classes != "" {
		t.Errorf("%+v, %v", h, err)
	}
	s.Pool = classed{scoringtest.Pool{N: 4, Dims: []int{2, 2, 3}}, byParity, []string{"ant"}}
	s.Samples = AllSamples(4)
	if h, err := s.header(s.pool()); err != nil || h.Labels == "" || h.Classes == "" {
		t.Errorf("of some samples: %+v, %v", h, err)
	}
}

// Mistakes of a caller are errors before a sample is read.
func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*Spec)
		says   string
	}{
		"samples of another pool": {func(s *Spec) { s.Samples = AllSamples(5000) }, "score sample 4999 of a pool of 1000"},
		"one sample too far":      {func(s *Spec) { s.Samples = NewSamples(1001); s.Samples.Add(1000) }, "sample 1000 of a pool of 1000"},
		"no samples":              {func(s *Spec) { s.Samples = NewSamples(5000) }, "the pool is empty"},
		"a negative batch":        {func(s *Spec) { s.Batch = -1 }, "batches of -1 samples"},
		"an unknown measure":      {func(s *Spec) { s.Measures = []string{"entropie"} }, `unknown measure "entropie"`},
		"a measure of opinions":   {func(s *Spec) { s.Measures = []string{"bald"} }, "several opinions"},
		"another shape":           {func(s *Spec) { s.Pool = scoringtest.Pool{N: 1000, Dims: []int{3, 2, 2}} }, "the model takes"},
	} {
		s := spec(1000)
		s.Journal = filepath.Join(t.TempDir(), "journal")
		c.change(&s)
		j, err := Open(t.Context(), s)
		if err == nil {
			j.Close()
		}
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: error is %v, want %q", name, err, c.says)
		}
		sameFiles(t, filepath.Dir(s.Journal), nil)
	}
}

// A result tells the samples of an earlier run from those scored now.
func TestResumed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	job := task(dir, 30, "")
	job.Choice, job.Output.Selection = selection.Choice{}, ""
	job.Shard = Shard{1, 1}
	r, err := Run(t.Context(), job)
	if err != nil || r.Resumed != 0 || r.Scored == 0 || r.Elapsed <= 0 {
		t.Fatalf("%+v, %v", r, err)
	}
	job.Resume = true
	again, err := Run(t.Context(), job)
	if err != nil || !again.Before || again.Resumed != r.Scored || again.Scored != r.Scored {
		t.Errorf("%+v, %v", again, err)
	}
}
