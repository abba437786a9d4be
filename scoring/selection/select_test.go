package selection

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/scoring"
)

func sequence(records []scoring.Record) iter.Seq2[scoring.Record, error] {
	return func(yield func(scoring.Record, error) bool) {
		for _, r := range records {
			if !yield(r, nil) {
				return
			}
		}
	}
}

func indices(batch []Selected) []int {
	out := make([]int, len(batch))
	for i, s := range batch {
		out[i] = s.Record.Index
	}
	return out
}

// scoredLogits makes a record of each row.
func scoredLogits(t testing.TB, rows ...[]float32) []scoring.Record {
	t.Helper()
	out := make([]scoring.Record, len(rows))
	for i, z := range rows {
		out[i] = scoring.Record{Index: i, ID: fmt.Sprintf("s%d", i), Scores: scoring.ScoresOf(scoresOf(t, z...))}
	}
	return out
}

func TestSelectOrder(t *testing.T) {
	t.Parallel()
	records := scoredLogits(t,
		[]float32{9, 0, 0},     // 0: sure
		[]float32{1, 1, 0},     // 1: two classes tie
		[]float32{1, 1, 1},     // 2: knows nothing
		[]float32{1, 1, -9},    // 3: ties, third class out of the question
		[]float32{1, 0.5, 0.5}, // 4
		[]float32{1, 1, 1},     // 5: as 2
	)
	for strategy, want := range map[string][]int{
		"least-confidence": {2, 5, 1, 4, 3, 0},
		"entropy":          {2, 5, 4, 1, 3, 0},
		"margin":           {1, 2, 3, 5, 4, 0},
		"ratio":            {1, 2, 3, 5, 4, 0},
	} {
		for k := 1; k <= len(records); k++ {
			got, err := Select(sequence(records), strategy, k, 0)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(indices(got), want[:k]) {
				t.Errorf("%s: %v, want %v", strategy, indices(got), want[:k])
			}
			if got[k-1].Rank != k {
				t.Errorf("%s: last of %d has rank %d", strategy, k, got[k-1].Rank)
			}
		}
	}
}

func TestSelectRefuses(t *testing.T) {
	t.Parallel()
	records := scoredLogits(t, []float32{1, 2}, []float32{3, 4})
	twice := append(slices.Clone(records), records[0])
	nan := []scoring.Record{{Index: 3, ID: "x", Scores: scoring.ScoresOf(map[string]float64{"margin": math.NaN()})}}
	for name, c := range map[string]struct {
		records  []scoring.Record
		strategy string
		k        int
		is       error
		says     string
	}{
		"unknown":            {records, "margn", 1, nil, "did you mean margin, "},
		"needs features":     {records, "k-center", 1, nil, "features"},
		"k zero":             {records, "margin", 0, nil, "at least 1"},
		"k negative":         {records, "random", -3, nil, "at least 1"},
		"k too large":        {records, "margin", 3, ErrTooFew, "3 of 2"},
		"empty":              {nil, "entropy", 1, ErrTooFew, "1 of 0"},
		"twice":              {twice, "random", 3, nil, "index 0 appears twice"},
		"no such score":      {[]scoring.Record{{ID: "x", Scores: scoring.ScoresOf(map[string]float64{"ratio": 1})}}, "margin", 1, nil, "only: ratio"},
		"score not a number": {nan, "margin", 1, nil, "not a number"},
	} {
		_, err := Select(sequence(c.records), c.strategy, c.k, 1)
		if err == nil || c.is != nil && !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: error is %v", name, err)
		}
	}
	broken := errors.New("line 4: no")
	_, err := Select(func(yield func(scoring.Record, error) bool) { yield(scoring.Record{}, broken) }, "margin", 1, 0)
	if !errors.Is(err, broken) {
		t.Errorf("error of the sequence became %v", err)
	}
}

func TestSelectorMergeEqualsOneRun(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(4, 4))
	rows := make([][]float32, 500)
	for i := range rows {
		rows[i] = []float32{float32(rng.IntN(4)), float32(rng.IntN(4)), float32(rng.IntN(4))}
	}
	records := scoredLogits(t, rows...)
	for _, s := range Strategies() {
		if _, scored := records[0].Scores.Of(s.Measure); !scored || s.WholePool() {
			continue
		}
		want, err := Select(sequence(records), s.Name, 200, 9)
		if err != nil {
			t.Fatal(err)
		}
		shards := make([]*Selector, 4)
		for i := range shards {
			if shards[i], err = NewSelector(Choice{Strategy: s.Name, K: 200, Seed: 9}); err != nil {
				t.Fatal(err)
			}
		}
		for _, i := range rng.Perm(len(records)) {
			if err := shards[i%4].Add(records[i]); err != nil {
				t.Fatal(err)
			}
		}
		for _, o := range shards[1:] {
			if err := shards[0].Merge(o); err != nil {
				t.Fatal(err)
			}
		}
		got, err := shards[0].Selected()
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(indices(got), indices(want)) {
			t.Errorf("%s: merged %v, whole %v", s.Name, indices(got), indices(want))
		}
	}
	a, _ := NewSelector(Choice{Strategy: "random", K: 3, Seed: 1})
	b, _ := NewSelector(Choice{Strategy: "random", K: 3, Seed: 2})
	if err := a.Merge(b); err == nil {
		t.Error("merged selections of two seeds")
	}
}

func TestChooseKCenter(t *testing.T) {
	t.Parallel()
	// A gap in the indices, as a skipped sample leaves one.
	records := []scoring.Record{
		{Index: 0, ID: "a", Features: []float32{0, 0}},
		{Index: 4, ID: "e", Features: []float32{9, 0}},
		{Index: 7, ID: "h", Features: []float32{1, 0}},
	}
	got, err := Choose(context.Background(), sequence(records), Choice{Strategy: "k-center", K: 2})
	if err != nil {
		t.Fatal(err)
	}
	// The mean is (3.3, 0).
	if !slices.Equal(indices(got), []int{7, 4}) || got[1].Score != 8 || got[1].Rank != 2 {
		t.Errorf("got %+v", got)
	}
	for name, c := range map[string]struct {
		records []scoring.Record
		k       int
		is      error
	}{
		"no features":    {scoredLogits(t, []float32{1, 2}), 1, nil},
		"uneven":         {append(slices.Clone(records), scoring.Record{Index: 8, ID: "i", Features: []float32{1}}), 1, nil},
		"k too large":    {records, 4, ErrTooFew},
		"nothing at all": {nil, 1, ErrTooFew},
		"k zero":         {records, 0, nil},
	} {
		_, err := Choose(context.Background(), sequence(c.records), Choice{Strategy: "k-center", K: c.k})
		if err == nil || c.is != nil && !errors.Is(err, c.is) {
			t.Errorf("%s: error is %v", name, err)
		}
	}
}

// What is kept of a pass does not keep the rest of its batch.
func TestSelectorClones(t *testing.T) {
	t.Parallel()
	features, label := []float32{0.5, 1}, 3
	s, err := NewSelector(Choice{Strategy: "margin", K: 1})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Add(scoring.Record{ID: "a", Label: &label, Features: features, Scores: scoring.ScoresOf(map[string]float64{"margin": 1})}); err != nil {
		t.Fatal(err)
	}
	features[0], label = 9, 9
	got, err := s.Selected()
	if err != nil || got[0].Record.Features[0] != 0.5 || *got[0].Record.Label != 3 {
		t.Errorf("kept %+v, %v", got, err)
	}
}
