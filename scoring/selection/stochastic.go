package selection

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/prunefuse/prunefuse/internal/seeded"
)

const kirsch = "Kirsch et al. 2022 (arXiv 2106.12059)"

var temperature = Param{Name: "temperature", Default: 1, Min: 1e-3, Max: 1e3, Summary: "small ranks by the measure, large draws at random"}

// A stochastic batch is drawn without replacement by Gumbel top-k: the score
// of a sample is the logarithm of its weight less that of an exponential
// draw, which depends on the seed and its ID.

var power = Strategy{
	Name: "power", Summary: "a draw weighted by s^(1/T), s the measure",
	Reference: kirsch, Measure: "entropy", AnyMeasure: true, Scores: true, Params: []Param{temperature},
	Memory: "none: it streams", Time: "n",
	perturb: func(weight, temperature, e float64) float64 {
		return max(-math.MaxFloat64, math.Log(weight)/temperature-math.Log(e)) // a score file has no infinity
	},
}

var softmax = Strategy{
	Name: "softmax", Summary: "a draw weighted by exp(s/T), s the measure",
	Reference: kirsch, Measure: "entropy", AnyMeasure: true, Scores: true, Params: []Param{temperature},
	Memory: "none: it streams", Time: "n",
	perturb: func(weight, temperature, e float64) float64 { return weight/temperature - math.Log(e) },
}

var softRank = Strategy{
	Name: "softrank", Summary: "a draw weighted by r^(−1/T), r the rank by the measure",
	Reference: kirsch, Measure: "entropy", AnyMeasure: true, Scores: true, Params: []Param{temperature},
	Memory: "16 B", Time: "n·log n",
	pick: func(_ context.Context, t *task) ([]Picked, error) {
		weights, err := t.weights()
		if err != nil {
			return nil, err
		}
		order := make([]int, len(weights))
		for i := range order {
			order[i] = i
		}
		slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(weights[b], weights[a]) })
		top := NewTopK[struct{}](t.k)
		for rank, i := range order {
			e := -math.Log1p(-seeded.Positive(t.Seed, t.pool.Records[i].ID))
			top.Add(-math.Log(float64(rank+1))/t.param(temperature.Name)-math.Log(e), i, struct{}{})
		}
		return ranked(top), nil
	},
}

// ranked returns the rows of the pool that a TopK holds.
func ranked(top *TopK[struct{}]) []Picked {
	var out []Picked
	for _, e := range top.Sorted() {
		out = append(out, Picked{Row: e.Index, Score: e.Score})
	}
	return out
}
