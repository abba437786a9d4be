package selection

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/prunefuse/prunefuse/scoring"
	"github.com/prunefuse/prunefuse/scoring/scoringtest"
)

// Each test here is named for a fault that some published tool has or had.

func choose(t *testing.T, p scoringtest.Rows, strategy string, k int, o scoring.Options, seed uint64) []int {
	t.Helper()
	c := &scoringtest.Classifier{Dims: p.Shape(), Outputs: len(p[0])}
	got, err := Select(scoring.Score(context.Background(), c, p, o), strategy, k, seed)
	if err != nil {
		t.Fatalf("%s: %v", strategy, err)
	}
	return indices(got)
}

var uncertainty = []string{"least-confidence", "margin", "ratio", "entropy"}

// PatrickZH/DeepCore#11, eth-easl/modyn#503: the most certain samples came
// first. Here sample i grows surer with i.
func TestFaultWrongSign(t *testing.T) {
	t.Parallel()
	p := make(scoringtest.Rows, 50)
	for i := range p {
		p[i] = []float32{0, float32(i) / 5, 0, 0}
	}
	for _, strategy := range uncertainty {
		if got := choose(t, p, strategy, 5, scoring.Options{}, 0); !slices.Equal(got, []int{0, 1, 2, 3, 4}) {
			t.Errorf("%s chose %v, want the flattest five", strategy, got)
		}
	}
}

// DeepCore's uncertainty.py takes least confidence on raw logits. Softmax
// does not see a constant added to all logits; raw logits do.
func TestFaultRawLogits(t *testing.T) {
	t.Parallel()
	p := scoringtest.Rows{
		{100, 99.9, 99.8}, // large logits, knows little
		{3, -3, -3},       // small logits, quite sure
		{-50, -58, -58},   // negative logits, surer still
	}
	for _, strategy := range uncertainty {
		if got := choose(t, p, strategy, 3, scoring.Options{}, 0); !slices.Equal(got, []int{0, 1, 2}) {
			t.Errorf("%s ranks %v, want 0, 1, 2", strategy, got)
		}
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 100 {
		z, shifted := make([]float32, 6), make([]float32, 6)
		for k := range z {
			z[k] = float32(rng.IntN(64)) / 8
			shifted[k] = z[k] - 1024
		}
		if d := cmp.Diff(scoresOf(t, z...), scoresOf(t, shifted...)); d != "" {
			t.Errorf("scores depend on a constant added to the logits: %s", d)
		}
	}
}

// 0·log 0: a class that is out of the question made the entropy NaN, and a
// NaN ranks anywhere.
func TestFaultNaNEntropy(t *testing.T) {
	t.Parallel()
	p := scoringtest.Rows{{1e4, 0, 0}, {0, 0, -1e4}, {0, 0, 0}, {3e38, -3e38, 0}}
	if got := choose(t, p, "entropy", 4, scoring.Options{}, 0); !slices.Equal(got, []int{2, 1, 0, 3}) {
		t.Errorf("entropy ranks %v", got)
	}
	oneHot := scoringtest.Rows{{1, 0, 0}, {0.5, 0.5, 0}}
	if got := choose(t, oneHot, "entropy", 2, scoring.Options{Probabilities: true}, 0); !slices.Equal(got, []int{1, 0}) {
		t.Errorf("entropy of probabilities ranks %v", got)
	}
}

// A NaN from the model is a reason to skip, never a score.
func TestFaultSilentNaN(t *testing.T) {
	t.Parallel()
	p := scoringtest.Rows{{1, 2}, {float32(math.NaN()), 0}, {2, 2}, {0, float32(math.Inf(1))}}
	var skipped []int
	o := scoring.Options{Batch: 3, Skip: func(s scoring.Skipped) { skipped = append(skipped, s.Index) }}
	for _, strategy := range append(uncertainty, "random") {
		skipped = nil
		got := choose(t, p, strategy, 2, o, 0)
		slices.Sort(got)
		if !slices.Equal(got, []int{0, 2}) || !slices.Equal(skipped, []int{1, 3}) {
			t.Errorf("%s: chose %v, skipped %v", strategy, got, skipped)
		}
	}
}

// JordanAsh/badge#5, scikit-activeml#586, DISTIL's crash on a pool of
// duplicates: k choices are k different samples.
func TestFaultDuplicates(t *testing.T) {
	t.Parallel()
	p := make(scoringtest.Rows, 40)
	for i := range p {
		p[i] = []float32{1, 2, 3}
	}
	for _, strategy := range append(uncertainty, "random") {
		got := choose(t, p, strategy, len(p), scoring.Options{Batch: 7}, 5)
		slices.Sort(got)
		for i, index := range got {
			if i != index {
				t.Fatalf("%s chose %v", strategy, got)
			}
		}
	}
	// TestKCenterDuplicatePool holds k-center to the same.
}

// open-edge-platform/anomalib#1332: the point that distances start from was
// not returned. scikit-activeml#392: the whole first batch was random where
// only its first choice is free.
func TestFaultSeedPointMissing(t *testing.T) {
	t.Parallel()
	pool := Features{1, []float32{0, 1, 2, 3, 100}}
	got, err := KCenter(context.Background(), pool, 2, KCenterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	// The mean is 21.2; the seed is sample 3, and 4 is farthest from it.
	if got[0].Index != 3 || got[1].Index != 4 {
		t.Errorf("chose %v, want the seed 3 and then 4", got)
	}
	all, err := KCenter(context.Background(), pool, 5, KCenterOptions{})
	if err != nil || len(all) != 5 {
		t.Errorf("the whole pool is %v, %v", all, err)
	}
}

// ntucllab/libact#200, Baal's heuristics: randomness ignored the seed, or
// came from global state.
func TestFaultIgnoredSeed(t *testing.T) {
	t.Parallel()
	p := make(scoringtest.Rows, 300)
	for i := range p {
		p[i] = []float32{1, 2}
	}
	for _, strategy := range []string{"power", "softmax"} {
		a, b, other := choose(t, p, strategy, 30, scoring.Options{}, 1), choose(t, p, strategy, 30, scoring.Options{}, 1), choose(t, p, strategy, 30, scoring.Options{}, 2)
		if !slices.Equal(a, b) || slices.Equal(a, other) {
			t.Errorf("%s: seed 1 chose %v and %v, seed 2 %v", strategy, a, b, other)
		}
	}
	// A random score in the records belongs to another seed and has no say.
	o := scoring.Options{Measures: []string{"random"}, Seed: 77}
	a, b := choose(t, p, "random", 30, o, 1), choose(t, p, "random", 30, o, 1)
	if !slices.Equal(a, b) {
		t.Error("the same seed chose differently")
	}
	other := choose(t, p, "random", 30, o, 2)
	if slices.Equal(a, other) {
		t.Error("two seeds chose the same")
	}
	if slices.Equal(a, choose(t, p, "random", 30, o, 77)) || slices.IsSorted(a) {
		t.Errorf("not a draw of its own: %v", a)
	}
}

// A result that moves with the batch, the number of readers or the order of
// the records cannot be repeated.
func TestFaultDependsOnExecution(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(6, 6))
	p := make(scoringtest.Rows, 333)
	for i := range p {
		p[i] = []float32{float32(rng.IntN(3)), float32(rng.IntN(3)), float32(rng.IntN(3))} // many ties
	}
	for _, strategy := range append(uncertainty, "random") {
		want := choose(t, p, strategy, 40, scoring.Options{Batch: 333, Workers: 1}, 8)
		for _, o := range []scoring.Options{{Batch: 1}, {Batch: 2, Workers: 9}, {Batch: 100, Workers: 3}, {}} {
			if got := choose(t, p, strategy, 40, o, 8); !slices.Equal(got, want) {
				t.Errorf("%s, batch %d, %d readers: %v, want %v", strategy, o.Batch, o.Workers, got, want)
			}
		}
		var records []scoring.Record
		for r, err := range scoring.Score(context.Background(), &scoringtest.Classifier{Dims: p.Shape(), Outputs: 3}, p, scoring.Options{}) {
			if err != nil {
				t.Fatal(err)
			}
			records = append(records, r)
		}
		rng.Shuffle(len(records), func(i, j int) { records[i], records[j] = records[j], records[i] })
		got, err := Select(sequence(records), strategy, 40, 8)
		if err != nil || !slices.Equal(indices(got), want) {
			t.Errorf("%s, shuffled: %v, %v", strategy, indices(got), err)
		}
	}
}
