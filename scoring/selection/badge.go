package selection

import (
	"context"
	"math"

	"github.com/prunefuse/prunefuse/internal/seeded"
)

var badge = Strategy{
	Name: "badge", Summary: "k-means++ on the gradients that the predicted labels would give",
	Reference: "Ash et al. 2020 (arXiv 1906.03671)",
	Needs:     Needs{Features: true, Probabilities: true},
	Memory:    "20 B + 4c", Time: "k·n + at most k·n·(c + d)",
	// The first is the longest gradient, each next is drawn with probability
	// proportional to the squared distance to the nearest one chosen. The
	// score is the distance, of the first its length.
	pick: func(ctx context.Context, t *task) ([]Picked, error) {
		g := newGradients(t.pool)
		longest := none
		for i, n := range g.norms {
			if c := (candidate{i, n}); c.beats(longest) {
				longest = c
			}
		}
		return squareDraws(ctx, t, newCover(t.n(), g, t.workers), longest)
	},
}

// squareDraws goes on from a first choice by draws that are proportional to
// the squared distance, which is what the cover holds.
func squareDraws(ctx context.Context, t *task, c *cover, first candidate) ([]Picked, error) {
	s := seeded.NewStream(t.Seed, t.Strategy)
	square := func(_ int, distance float64) float64 { return distance }
	out := make([]Picked, 0, t.k)
	for next := first; ; next = c.draw(ctx, s.Sub(len(out)), square) {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		out = append(out, Picked{Row: next.index, Score: math.Sqrt(next.value)})
		t.progress(len(out), t.k)
		if len(out) == t.k {
			return out, nil
		}
		c.take(next.index)
	}
}

// gradients are those of the last layer for the predicted label: the outer
// product of q = p − onehot(argmax p) and the features f. Only products of
// them are needed, and ⟨g, h⟩ = ⟨q_g, q_h⟩·⟨f_g, f_h⟩, so that no gradient is
// ever written down.
type gradients struct {
	q, f   Features
	norms  []float64 // squared lengths
	chosen []int
}

func newGradients(pool Candidates) *gradients {
	p := pool.Probabilities
	g := &gradients{q: Features{p.Dim, make([]float32, len(p.Data))}, f: pool.Features}
	copy(g.q.Data, p.Data)
	g.norms = make([]float64, p.Len())
	for i := range g.norms {
		q := g.q.Row(i)
		top, rest := 0, 0.0
		for k, v := range q {
			if v > q[top] {
				top = k
			}
		}
		for k, v := range q {
			if k != top {
				rest += float64(v)
			}
		}
		q[top] = -float32(rest) // p − 1, with its digits where p is near 1
		g.norms[i] = dot64(q, q) * dot64(g.f.Row(i), g.f.Row(i))
	}
	return g
}

func (g *gradients) centres() int { return len(g.chosen) }

func (g *gradients) add(i int) { g.chosen = append(g.chosen, i) }

func (g *gradients) near(i, from, to int, known float64) float64 {
	q, f := g.q.Row(i), g.f.Row(i)
	for _, j := range g.chosen[from:to] {
		product := dot64(q, g.q.Row(j)) * dot64(f, g.f.Row(j))
		known = min(known, max(0, g.norms[i]+g.norms[j]-2*product))
	}
	return known
}
