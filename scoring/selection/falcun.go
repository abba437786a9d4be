package selection

import (
	"context"
	"math"

	"github.com/prunefuse/prunefuse/internal/seeded"
)

var sharpness = Param{Name: "gamma", Default: 10, Min: 0, Max: 100, Summary: "how sharply the most relevant are preferred"}

var falcun = Strategy{
	Name: "falcun", Summary: "a draw by margin plus distance in class probabilities",
	Reference: "Gilhuber et al. 2024", Params: []Param{sharpness},
	Needs:  Needs{Probabilities: true},
	Memory: "16 B", Time: "k·n·c",
	// u = 1 − (p1 − p2). The distance of a sample is u to begin with and then
	// the smallest L1 distance of its probabilities to those chosen, if that
	// is less; scaled to [0, 1] over the others it is added to u, and the
	// next is drawn with probability proportional to the sum to the power γ.
	// The score is the sum.
	pick: func(ctx context.Context, t *task) ([]Picked, error) {
		p := t.pool.Probabilities
		u, distance := make([]float64, p.Len()), make([]float64, p.Len())
		for i := range u {
			u[i] = 1 - gap(p.Row(i))
			distance[i] = u[i]
		}
		s, gamma := seeded.NewStream(t.Seed, t.Strategy), t.param(sharpness.Name)
		out := make([]Picked, 0, t.k)
		for len(out) < t.k {
			least, most := math.Inf(1), math.Inf(-1)
			for _, d := range distance {
				if d != taken {
					least, most = min(least, d), max(most, d)
				}
			}
			relevance := func(i int) float64 {
				if most > least {
					return u[i] + (distance[i]-least)/(most-least)
				}
				return u[i]
			}
			next := falcunDraw(distance, relevance, gamma, s.Sub(len(out)))
			out = append(out, Picked{Row: next, Score: relevance(next)})
			distance[next] = taken
			parallel(ctx, t.workers, p.Len(), func(lo, hi int) {
				for i := lo; i < hi; i++ {
					if distance[i] != taken {
						distance[i] = min(distance[i], manhattan(p.Row(i), p.Row(next)))
					}
				}
			})
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			t.progress(len(out), t.k)
		}
		return out, nil
	},
}

// falcunDraw draws one of the samples that are not taken, by ln e − γ·ln r, e
// an exponential draw: the smallest has a share proportional to r^γ.
func falcunDraw(distance []float64, relevance func(int) float64, gamma float64, s seeded.Stream) int {
	out, least := -1, math.Inf(1)
	for i, d := range distance {
		if d == taken {
			continue
		}
		key := math.Log(-math.Log1p(-s.Uniform(i)))
		if gamma > 0 {
			key -= gamma * math.Log(relevance(i))
		}
		if out < 0 || key < least {
			out, least = i, key
		}
	}
	return out
}

// gap returns p1 − p2.
func gap(p []float32) float64 {
	first, second := math.Inf(-1), math.Inf(-1)
	for _, v := range p {
		switch f := float64(v); {
		case f > first:
			first, second = f, first
		case f > second:
			second = f
		}
	}
	return first - second
}

func manhattan(a, b []float32) float64 {
	var sum float64
	b = b[:len(a)]
	for k, v := range a {
		sum += math.Abs(float64(v) - float64(b[k]))
	}
	return sum
}
