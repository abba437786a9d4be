package selection

import (
	"cmp"
	"context"
	"slices"

	"github.com/prunefuse/prunefuse/internal/seeded"
)

var classBalanced = Strategy{
	Name: "class-balanced", Summary: "a uniform draw, as many of each predicted class",
	Reference: "a baseline", Memory: "32 B", Time: "n·log n",
	// The r-th draw of every class comes before the r+1-th of any; a class
	// that has no more leaves its share to the others.
	pick: func(_ context.Context, t *task) ([]Picked, error) {
		type drawn struct {
			class, row, round int
			draw              float64
		}
		all := make([]drawn, t.n())
		for i, r := range t.pool.Records {
			all[i] = drawn{class: r.Class, row: i, draw: seeded.Uniform(t.Seed, r.ID)}
		}
		slices.SortFunc(all, func(a, b drawn) int {
			return cmp.Or(cmp.Compare(a.class, b.class), cmp.Compare(b.draw, a.draw), cmp.Compare(a.row, b.row))
		})
		for i := 1; i < len(all); i++ {
			if all[i].class == all[i-1].class {
				all[i].round = all[i-1].round + 1
			}
		}
		slices.SortStableFunc(all, func(a, b drawn) int { return cmp.Compare(a.round, b.round) })
		out := make([]Picked, t.k)
		for i, d := range all[:t.k] {
			out[i] = Picked{Row: d.row, Score: d.draw}
		}
		return out, nil
	},
}
