package selection

import (
	"cmp"
	"context"
	"math"
	"slices"
)

var moderate = Strategy{
	Name: "moderate", Summary: "neither near to nor far from the centre of their class",
	Reference: "Xia et al. 2023 (ICLR)",
	Needs:     Needs{Features: true, Labels: true},
	Memory:    "16 B", Time: "n·d + n·log n",
	// The distance is that to the mean of the features of the samples of the
	// same label; those with distances nearest to the median distance are
	// taken. The score is minus the difference.
	pick: func(_ context.Context, t *task) ([]Picked, error) {
		f := t.pool.Features
		distances := make([]float64, t.n())
		centres := classCentres(t)
		for i, r := range t.pool.Records {
			var sum float64
			for d, v := range f.Row(i) {
				diff := float64(v) - centres[*r.Label][d]
				sum += float64(diff * diff)
			}
			distances[i] = math.Sqrt(sum)
		}
		sorted := slices.Clone(distances)
		slices.SortFunc(sorted, cmp.Compare)
		middle := (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
		top := NewTopK[struct{}](t.k)
		for i, d := range distances {
			top.Add(0-math.Abs(d-middle), i, struct{}{})
		}
		return ranked(top), nil
	},
}

// classCentres returns the means of the features by label.
func classCentres(t *task) map[int][]float64 {
	sums, count := map[int][]float64{}, map[int]float64{}
	for i, r := range t.pool.Records {
		sum := sums[*r.Label]
		if sum == nil {
			sum = make([]float64, t.pool.Features.Dim)
			sums[*r.Label] = sum
		}
		count[*r.Label]++
		for d, v := range t.pool.Features.Row(i) {
			sum[d] += float64(v)
		}
	}
	for label, sum := range sums {
		for d := range sum {
			sum[d] /= count[label]
		}
	}
	return sums
}
