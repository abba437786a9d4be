package pruning

import (
	"context"
	"math/rand/v2"
)

// chance depends on the seed and the group's ID alone.
func chance(_ context.Context, a *Analysis, e Evidence) ([][]float64, error) {
	out := make([][]float64, len(a.Groups))
	for i, g := range a.Groups {
		rng := rand.New(rand.NewPCG(e.Seed, uint64(g.ID)))
		out[i] = make([]float64, g.Size)
		for k := range out[i] {
			out[i][k] = rng.Float64()
		}
	}
	return out, nil
}
