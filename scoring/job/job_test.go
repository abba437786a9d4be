package job

import (
	"context"
	"errors"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/prunefuse/prunefuse/scoring"
	"github.com/prunefuse/prunefuse/scoring/scoringtest"
	"github.com/prunefuse/prunefuse/scoring/selection"
)

func TestSamples(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(5, 5))
	for range 60 {
		n := 1 + rng.IntN(3000)
		s, want := NewSamples(n), map[int]bool{}
		if rng.IntN(2) == 0 {
			s = AllSamples(n)
			for i := range n {
				want[i] = true
			}
		}
		for range rng.IntN(2 * n) {
			i := rng.IntN(n)
			if rng.IntN(2) == 0 {
				s.Add(i)
				want[i] = true
			} else {
				s.Remove(i)
				delete(want, i)
			}
		}
		var sorted []int
		for i := range n {
			if want[i] != s.Has(i) {
				t.Fatalf("sample %d of %d: %t", i, n, s.Has(i))
			}
			if want[i] {
				sorted = append(sorted, i)
			}
		}
		if got := slices.Collect(s.All()); !slices.Equal(got, sorted) || s.Len() != len(sorted) {
			t.Fatalf("%d samples: %v, want %v", s.Len(), got, sorted)
		}
		for k, i := range sorted {
			if s.At(k) != i {
				t.Fatalf("sample %d is %d, want %d", k, s.At(k), i)
			}
		}
	}
}

// The records of some samples are those that the pool gives for them, also where
// the job was stopped again and again.
func TestRecordsOfSome(t *testing.T) {
	t.Parallel()
	const n = 90
	s := spec(n)
	s.Samples, s.Features = NewSamples(n), true
	rng := rand.New(rand.NewPCG(2, 2))
	for range 50 {
		s.Samples.Add(rng.IntN(n))
	}
	var want []scoring.Record
	o := scoring.Options{Seed: s.Seed, Features: true, Skip: func(scoring.Skipped) {}}
	for _, r := range collect(t, s.Classifier, s.Pool, o) {
		if s.Samples.Has(r.Index) {
			want = append(want, r)
		}
	}
	s.Journal, s.Resume = filepath.Join(t.TempDir(), "journal"), true
	for most := 7; ; most += 7 {
		j, err := Open(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		var got []scoring.Record
		for r, err := range j.Records(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			if got = append(got, r); len(got) == most {
				break
			}
		}
		if len(got) < most {
			if d := cmp.Diff(want, got); d != "" {
				t.Error(d)
			}
			if len(got)+len(j.Skipped()) != s.Samples.Len() {
				t.Errorf("%d scored and %d skipped of %d", len(got), len(j.Skipped()), s.Samples.Len())
			}
			for _, skipped := range j.Skipped() {
				if skipped.ID != s.Pool.ID(skipped.Index) || !s.Samples.Has(skipped.Index) {
					t.Errorf("skipped %+v", skipped)
				}
			}
			j.Drop()
		} else if d := cmp.Diff(want[:most], got); d != "" {
			t.Error(d)
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		if len(got) < most {
			break
		}
	}
	sameFiles(t, filepath.Dir(s.Journal), nil)
}

// An error ends the sequence, and what came before it is kept.
func TestRecordsFail(t *testing.T) {
	t.Parallel()
	s := spec(30)
	s.Journal, s.Resume = filepath.Join(t.TempDir(), "journal"), true
	boom, calls := errors.New("out of memory"), 0
	s.Classifier.(*scoringtest.Classifier).Hook = func(context.Context, int) error {
		if calls++; calls == 5 {
			return boom
		}
		return nil
	}
	for attempt, resumed := range []int{0, 12} {
		j, err := Open(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		if j.Resumed() != resumed {
			t.Errorf("resumed after %d samples, want %d", j.Resumed(), resumed)
		}
		var last error
		for _, err := range j.Records(t.Context()) {
			last = err
		}
		if attempt == 0 && !errors.Is(last, boom) || attempt == 1 && last != nil {
			t.Errorf("attempt %d ends with %v", attempt, last)
		}
		if err := j.Close(); err != nil {
			t.Error(err)
		}
	}
}

// A pool of a hundred times as many samples takes no more memory: neither its
// journal, nor the samples of it, nor the choice.
func TestJobMemoryIsConstant(t *testing.T) {
	if testing.Short() {
		t.Skip("it scores 200,000 samples")
	}
	peak := func(n int) (most uint64) {
		c, p := scoringtest.Fakes(n)
		s := Spec{Network: Network{Classifier: c}, Pool: p, Samples: AllSamples(n), Measures: []string{"margin"}}
		for i := 0; i < n; i += 3 {
			s.Samples.Remove(i)
		}
		s.Journal = filepath.Join(t.TempDir(), "journal")
		var m runtime.MemStats
		calls := 0
		s.Progress = func(string, int, int) {
			if calls++; calls%(n/128/20+1) == 0 {
				runtime.GC()
				runtime.ReadMemStats(&m)
				most = max(most, m.HeapAlloc)
			}
		}
		j, err := Open(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		defer j.Close()
		if _, err := selection.Choose(t.Context(), j.Records(t.Context()), selection.Choice{Strategy: "margin", K: 100}); err != nil {
			t.Fatal(err)
		}
		return most
	}
	small, large := peak(2_000), peak(200_000)
	if large > small+1<<19 {
		t.Errorf("peak heap is %d bytes for 2,000 samples and %d for 200,000", small, large)
	}
}
