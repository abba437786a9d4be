package selection

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/prunefuse/prunefuse/internal/seeded"
	"github.com/prunefuse/prunefuse/scoring"
)

// A draw by the smallest e/w has the law that the definitions ask for: the
// first is chosen with probability w/Σw. And a stochastic batch has the law of
// its paper.
func TestDrawsFollowTheirLaw(t *testing.T) {
	t.Parallel()
	weights := []float64{1, 0, 4, 2, 3}
	const rounds = 8000
	check := func(name string, count []int, want func(int) float64) {
		t.Helper()
		for i, c := range count {
			p := want(i)
			if deviation := math.Abs(float64(c) - p*rounds); deviation > 4.5*math.Sqrt(rounds*p*(1-p)) {
				t.Errorf("%s: sample %d was drawn %d times of %d, want about %.0f", name, i, c, rounds, p*rounds)
			}
		}
	}
	count := make([]int, 5)
	for seed := range uint64(rounds) {
		c := newCover(5, newEuclid(Features{1, make([]float32, 5)}, Features{}), 2)
		count[c.draw(context.Background(), seeded.NewStream(seed, "test"), func(i int, _ float64) float64 { return weights[i] }).index]++
	}
	check("draw", count, func(i int) float64 { return weights[i] / 10 })

	records := make([]scoring.Record, 5)
	for i, w := range weights {
		records[i] = scoring.Record{Index: i, ID: fmt.Sprint("r", i), Scores: scoring.ScoresOf(map[string]float64{"entropy": w})}
	}
	laws := map[string]func(w, rank, temperature float64) float64{
		"power":    func(w, _, temperature float64) float64 { return math.Pow(w, 1/temperature) },
		"softmax":  func(w, _, temperature float64) float64 { return math.Exp(w / temperature) },
		"softrank": func(_, rank, temperature float64) float64 { return math.Pow(rank, -1/temperature) },
	}
	ranks := []float64{4, 5, 1, 3, 2}
	for name, law := range laws {
		for _, temperature := range []float64{1, 2} {
			clear(count)
			for seed := range uint64(rounds) {
				c := Choice{Strategy: name, K: 1, Seed: seed, Params: map[string]float64{"temperature": temperature}}
				got, err := Choose(context.Background(), sequence(records), c)
				if err != nil {
					t.Fatal(err)
				}
				count[got[0].Record.Index]++
			}
			var sum float64
			for i, w := range weights {
				sum += law(w, ranks[i], temperature)
			}
			check(fmt.Sprint(name, " at ", temperature), count, func(i int) float64 { return law(weights[i], ranks[i], temperature) / sum })
		}
	}
}

// scikit-activeml#588: the origin stayed a centre, so that short gradients
// were never chosen. Here all gradients but one are near the origin and far
// from the first choice: distances must be those to the first choice alone.
func TestFaultGhostCentre(t *testing.T) {
	t.Parallel()
	pool := candidatesOf(3, 20, 2, 3, (*rand.Rand).NormFloat64)
	pool.Features.Row(7)[0] = 1000
	got, err := pool.Choose(context.Background(), Choice{Strategy: "badge", K: 2})
	if err != nil {
		t.Fatal(err)
	}
	length := got[0].Score
	if got[0].Record.Index != 7 {
		t.Fatalf("the first is sample %d, want the longest gradient, 7", got[0].Record.Index)
	}
	if got[1].Score < length/2 {
		t.Errorf("the second is %g from the first of length %g: measured from the origin", got[1].Score, length)
	}
}

// PatrickZH/DeepCore#29: contrastive means that those come first whose
// prediction is farthest from that of their neighbours, not nearest.
func TestFaultContrastiveOrder(t *testing.T) {
	t.Parallel()
	pool := Candidates{
		Records:       []scoring.Record{{Index: 0, ID: "agrees"}, {Index: 1, ID: "differs"}},
		Features:      Features{1, []float32{0, 0.1}},
		Probabilities: Features{2, []float32{0.9, 0.1, 0.1, 0.9}},
	}
	labelled := Candidates{Features: Features{1, []float32{0.05, 100}}, Probabilities: Features{2, []float32{0.9, 0.1, 0.1, 0.9}}}
	c := Choice{Strategy: "cal", K: 2, Labelled: labelled, Params: map[string]float64{"neighbours": 1}}
	got, err := pool.Choose(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	// KL((0.9, 0.1) ‖ (0.1, 0.9)) = 0.8·ln 9.
	if got[0].Record.ID != "differs" || math.Abs(got[0].Score-0.8*math.Log(9)) > 1e-6 || got[1].Score != 0 {
		t.Errorf("chose %+v", got)
	}
}
