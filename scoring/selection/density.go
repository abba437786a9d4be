package selection

import (
	"context"
	"math"
)

var densityPower = Param{Name: "beta", Default: 1, Min: 0, Max: 100, Summary: "how much the density counts; 0 is the measure alone"}

var density = Strategy{
	Name: "density", Summary: "uncertain and like many others: s(x)·(mean similarity)^β",
	Reference: "Settles & Craven 2008", Measure: "entropy", AnyMeasure: true, Scores: true, Params: []Param{densityPower},
	Needs:  Needs{Features: true},
	Memory: "16 B", Time: "n·d",
	// Similarity is the cosine. Its mean over the pool is the product with
	// the mean of all directions, so that no pair is looked at; one below 0
	// counts as 0.
	pick: func(_ context.Context, t *task) ([]Picked, error) {
		weights, err := t.weights()
		if err != nil {
			return nil, err
		}
		f, norms := t.pool.Features, t.pool.Features.lengths2()
		mean := make([]float64, f.Dim)
		for i, norm := range norms {
			if norm > 0 {
				for d, v := range f.Row(i) {
					mean[d] += float64(v) / math.Sqrt(norm) / float64(t.n())
				}
			}
		}
		top := NewTopK[struct{}](t.k)
		for i, norm := range norms {
			var similarity float64
			if norm > 0 {
				for d, v := range f.Row(i) {
					similarity += float64(v) / math.Sqrt(norm) * mean[d]
				}
			}
			top.Add(weights[i]*math.Pow(max(0, similarity), t.param(densityPower.Name)), i, struct{}{})
		}
		return ranked(top), nil
	},
}
