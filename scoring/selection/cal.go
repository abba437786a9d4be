package selection

import "context"

var neighbours = Param{Name: "neighbours", Default: 10, Min: 1, Max: 1e6, Summary: "labelled samples that each is compared with"}

var cal = Strategy{
	Name: "cal", Summary: "the predictions farthest from those of labelled neighbours",
	Reference: "Margatina et al. 2021 (arXiv 2109.03764)", Params: []Param{neighbours},
	Needs:  Needs{Features: true, Probabilities: true, Labelled: Required},
	Memory: "16 B + 4c", Time: "n·L·d",
	// The score is the mean of KL(p(neighbour) ‖ p(x)) over the nearest
	// labelled samples in feature space; the largest are taken.
	pick: func(ctx context.Context, t *task) ([]Picked, error) {
		pool, labelled := t.pool.Features, t.labelled.Features
		poolNorms, norms, filter := pool.lengths2(), labelled.lengths2(), newFilter(pool.Dim)
		logP, logN := logs(t.pool.Probabilities), logs(t.labelled.Probabilities)
		scores := make([]float64, t.n())
		k := min(int(t.param(neighbours.Name)), labelled.Len())
		parallel(ctx, t.workers, t.n(), func(lo, hi int) {
			near := newNearest(k)
			for i := lo; i < hi && ctx.Err() == nil; i++ {
				near.reset()
				for j, norm := range norms {
					if !filter.atLeast(near.worst(), pool.Row(i), labelled.Row(j), poolNorms[i]+norm) {
						near.add(distance2(pool.Row(i), labelled.Row(j)), j)
					}
				}
				for _, n := range near.found {
					scores[i] += kl(t.labelled.Probabilities.Row(n.index), logN.Row(n.index), logP.Row(i)) / float64(k)
				}
			}
		})
		top := NewTopK[struct{}](t.k)
		for i, v := range scores {
			top.Add(v, i, struct{}{})
		}
		return ranked(top), nil
	},
}

// kl returns Σ a·(ln a − ln b), at least 0.
func kl(a, logA, logB []float32) float64 {
	var sum float64
	for k, v := range a {
		sum += float64(float64(v) * (float64(logA[k]) - float64(logB[k])))
	}
	return max(0, sum)
}
