package job

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/internal/atomicfile"
	"github.com/prunefuse/prunefuse/scoring"
	"github.com/prunefuse/prunefuse/scoring/scoringtest"
	"github.com/prunefuse/prunefuse/scoring/selection"
)

// A run that is stopped at any moment, with its journal cut anywhere, goes on and
// writes the files of one that was not.
func TestRunIsStopped(t *testing.T) {
	t.Parallel()
	const n = 61
	for _, format := range []scoring.Format{scoring.JSONL, scoring.CSV, scoring.Parquet} {
		want := finished(t, n, format)
		for seed := range uint64(12) {
			rng := rand.New(rand.NewPCG(seed, 3))
			dir := t.TempDir()
			for stops := 0; ; stops++ {
				ctx, cancel := context.WithCancel(context.Background())
				job := task(dir, n, format)
				job.Resume = true
				if stops < 4 {
					stopAfter(&job, rng.IntN(n), cancel)
				}
				_, err := Run(ctx, job)
				cancel()
				if err == nil {
					break
				}
				if !errors.Is(err, context.Canceled) || stops == 4 {
					t.Fatal(err)
				}
				cutJournal(t, rng, job.JournalPath())
			}
			sameFiles(t, dir, want)
		}
	}
}

// The shards of a pool, each stopped and gone on with, merge into the files of one
// run.
func TestShardsAreStopped(t *testing.T) {
	t.Parallel()
	const n = 40
	for seed := range uint64(6) {
		rng := rand.New(rand.NewPCG(seed, 8))
		shards := 1 + rng.IntN(5)
		dir := t.TempDir()
		var paths []string
		for i := range shards {
			job := task(dir, n, "")
			job.Choice = selection.Choice{}
			job.Shard, job.Resume = Shard{i + 1, shards}, true
			job.Output.Selection = ""
			for _, path := range []*string{&job.Output.Scores, &job.Output.Features, &job.Output.Probabilities} {
				*path = filepath.Join(dir, fmt.Sprint(i, "-", filepath.Base(*path)))
			}
			paths = append(paths, job.Output.Scores)
			ctx, cancel := context.WithCancel(context.Background())
			first := job
			stopAfter(&first, rng.IntN(n/shards), cancel)
			if _, err := Run(ctx, first); err != nil {
				cutJournal(t, rng, job.JournalPath())
			}
			cancel()
			if _, err := Run(context.Background(), job); err != nil {
				t.Fatal(err)
			}
			// Once it is complete there is nothing to do.
			job.Classifier = &scoringtest.Classifier{Dims: []int{2, 2, 3}, Outputs: 5, Hook: func(context.Context, int) error { return errors.New("the model ran") }}
			if r, err := Run(context.Background(), job); err != nil || !r.Before {
				t.Fatalf("a complete shard: %+v, %v", r, err)
			}
		}
		rng.Shuffle(len(paths), func(i, j int) { paths[i], paths[j] = paths[j], paths[i] })
		for _, format := range []scoring.Format{scoring.JSONL, scoring.CSV, scoring.Parquet} {
			want := finished(t, n, format)
			delete(want, "batch.jsonl")
			merged := t.TempDir()
			o := task(merged, n, format).Output
			r, err := Merge(context.Background(), paths, o, false)
			if err != nil {
				t.Fatal(err)
			}
			if r.Total != n || len(r.Skipped) == 0 || r.Scored+len(r.Skipped) != n {
				t.Errorf("merged %d and %d of %d", r.Scored, len(r.Skipped), n)
			}
			sameFiles(t, merged, want)
		}
	}
}

func TestRunRefuses(t *testing.T) {
	t.Parallel()
	const n = 20
	stopped := func(t *testing.T) (string, Task) {
		t.Helper()
		dir := t.TempDir()
		job := task(dir, n, "")
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		job.Progress = func(_ string, done, _ int) {
			if done >= 12 {
				cancel()
			}
		}
		_, err := Run(ctx, job)
		var s *StoppedError
		if !errors.As(err, &s) || s.Done < 1 || s.Done >= n || s.Total != n || s.Journal != job.JournalPath() {
			t.Fatalf("stopped: %v", err)
		}
		return dir, task(dir, n, "")
	}
	for name, c := range map[string]struct {
		change func(*Task)
		is     error
		says   string
	}{
		"a journal that is there":    {func(t *Task) { t.Resume = false }, ErrJournalExists, "scores.partial exists"},
		"another seed":               {func(t *Task) { t.Seed++ }, ErrOtherRun, "the seed"},
		"another network":            {func(t *Task) { t.Fingerprint = "x" }, ErrOtherRun, "the model"},
		"some samples":               {func(t *Task) { t.Samples = AllSamples(n) }, ErrOtherRun, "the settings"},
		"other measures":             {func(t *Task) { t.Measures = []string{"margin"} }, ErrOtherRun, "the settings"},
		"another pool":               {func(t *Task) { t.Pool = scoringtest.Pool{N: n + 1, Dims: []int{2, 2, 3}} }, ErrOtherRun, "number of samples"},
		"more than there are":        {func(t *Task) { t.Choice.K = n + 1 }, selection.ErrTooFew, "21 of 20"},
		"an unknown strategy":        {func(t *Task) { t.Choice.Strategy = "best" }, nil, "unknown strategy"},
		"no labelled set":            {func(t *Task) { t.Choice.Strategy = "cal" }, nil, "needs the labelled set"},
		"a choice from a shard":      {func(t *Task) { t.Shard = Shard{1, 2} }, nil, "whole pool"},
		"a shard that there is none": {func(t *Task) { t.Shard = Shard{3, 2} }, nil, "the last 2"},
	} {
		dir, job := stopped(t)
		job.Resume = true
		c.change(&job)
		before := contents(t, dir)
		_, err := Run(context.Background(), job)
		if err == nil || c.is != nil && !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: error is %v", name, err)
		}
		sameFiles(t, dir, before)
	}
	dir, job := stopped(t)
	job.Replace = true
	if _, err := Run(context.Background(), job); err != nil {
		t.Error(err)
	}
	sameFiles(t, dir, finished(t, n, scoring.JSONL))
	if _, err := Run(context.Background(), task(dir, n, "")); !errors.Is(err, atomicfile.ErrExists) {
		t.Errorf("outputs that are there: %v", err)
	}
}

// Nothing is left of a run that could not score a sample, and of one that failed
// before the first.
func TestRunLeavesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	job := task(dir, 5, "")
	job.Pool = scoringtest.Pool{N: 5, Dims: []int{2, 2, 3}, Hook: func(int) error { return errTorn }}
	if _, err := Run(context.Background(), job); !errors.Is(err, ErrNothingScored) || !errors.Is(err, errTorn) {
		t.Errorf("error is %v", err)
	}
	sameFiles(t, dir, nil)
	job = task(dir, 5, "")
	job.Classifier = &scoringtest.Classifier{Dims: []int{2, 2, 3}, Outputs: 5, Hook: func(context.Context, int) error { return errTorn }}
	if _, err := Run(context.Background(), job); !errors.Is(err, errTorn) {
		t.Errorf("error is %v", err)
	}
	sameFiles(t, dir, nil)
}

// A choice by names runs no model, and reads no sample but those that it takes.
func TestChooseByName(t *testing.T) {
	t.Parallel()
	const n = 200
	dir := t.TempDir()
	reads := map[int]int{}
	job := Task{Spec: spec(n), Choice: selection.Choice{Strategy: "random", K: 30}}
	job.Classifier = nil
	job.Network.Classifier = &scoringtest.Classifier{Hook: func(context.Context, int) error { panic("BUG: the model ran") }}
	job.Pool = scoringtest.Pool{N: n, Dims: []int{3}, Hook: func(i int) error {
		reads[i]++
		if i%3 == 0 {
			return errTorn
		}
		return nil
	}}
	job.Output.Selection = filepath.Join(dir, "batch.txt")
	var notes []string
	job.Note = func(text string) { notes = append(notes, text) }
	if job.NeedsNetwork() {
		t.Fatal("it needs a network")
	}
	r, err := Run(context.Background(), job)
	if err != nil {
		t.Fatal(err)
	}
	if !r.NoPass || len(r.Chosen) != 30 || len(r.Skipped) == 0 || len(notes) != 1 {
		t.Errorf("%+v, notes %q", r, notes)
	}
	for _, s := range r.Chosen {
		if s.Record.Index%3 == 0 || s.Record.Class != selection.NoClass {
			t.Errorf("chose %+v", s.Record)
		}
	}
	if len(reads) != 30+len(r.Skipped) {
		t.Errorf("%d samples were read for %d chosen and %d skipped", len(reads), len(r.Chosen), len(r.Skipped))
	}
	// It chooses as one with a pass does, which skips the same samples.
	with := job
	with.Classifier = &scoringtest.Classifier{Dims: []int{3}, Outputs: 3}
	with.Output.Scores, with.Output.Selection = filepath.Join(dir, "scores"), filepath.Join(dir, "with.txt")
	if _, err := Run(context.Background(), with); err != nil {
		t.Fatal(err)
	}
	a, err := os.ReadFile(job.Output.Selection)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(with.Output.Selection); err != nil || string(a) != string(b) {
		t.Errorf("without a pass %q, with one %q, %v", a, b, err)
	}
}

// The files of some samples are those of a pool that holds no others, by one run and
// by shards.
func TestRunOfSome(t *testing.T) {
	t.Parallel()
	const n = 60
	var some scoringtest.Rows
	whole := make(scoringtest.Rows, n)
	samples := NewSamples(n)
	for i := range whole {
		whole[i] = []float32{float32(i % 7), float32(i % 5), float32(i)/n - 0.5}
		if i%4 != 1 {
			samples.Add(i)
			some = append(some, whole[i])
		}
	}
	make := func(dir string, p scoring.Pool, s *Samples, shard Shard) Task {
		job := task(dir, n, scoring.JSONL)
		job.Pool, job.Samples, job.Shard = p, s, shard
		job.Classifier = &scoringtest.Classifier{Dims: []int{3}, Outputs: 3}
		if shard.N > 0 {
			job.Choice, job.Output.Selection = selection.Choice{}, ""
		}
		return job
	}
	run := func(job Task) {
		t.Helper()
		if _, err := Run(t.Context(), job); err != nil {
			t.Fatal(err)
		}
	}
	alone, dir := t.TempDir(), t.TempDir()
	run(make(alone, renamed{some, samples}, nil, Shard{}))
	run(make(dir, whole, samples, Shard{}))
	want := contents(t, alone)
	sameFiles(t, dir, want)
	var shards []string
	for i := range 3 {
		dir := t.TempDir()
		run(make(dir, whole, samples, Shard{i + 1, 3}))
		shards = append(shards, filepath.Join(dir, "scores"))
	}
	merged := t.TempDir()
	if _, err := Merge(t.Context(), shards, make(merged, nil, nil, Shard{1, 3}).Output, false); err != nil {
		t.Fatal(err)
	}
	delete(want, "batch.jsonl")
	sameFiles(t, merged, want)
}

// renamed has the names that samples have in a larger pool.
type renamed struct {
	scoringtest.Rows
	of *Samples
}

func (r renamed) ID(i int) string { return fmt.Sprint("id", r.of.At(i)) }
