package selection

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/prunefuse/prunefuse/internal/seeded"
)

var hardest = Param{Name: "beta", Default: 0.1, Min: 0, Max: 0.999, Summary: "share of the hardest that is left out: noise"}

const ccsStrata = 50

var ccs = Strategy{
	Name: "ccs", Summary: "as many of each degree of difficulty, the hardest left out",
	Reference: "Zheng et al. 2022 (arXiv 2210.15809)", Measure: "aum", AnyMeasure: true, Scores: true, Params: []Param{hardest},
	Needs:  Needs{Labels: true},
	Memory: "24 B", Time: "n·log n",
	// The range of scores is cut into 50 strata of equal width. The budget is
	// shared evenly, the smallest stratum first, and what it cannot use goes
	// to the others; within a stratum the draw is uniform. Hard strata come
	// first in the batch, and the score is the measure.
	pick: func(_ context.Context, t *task) ([]Picked, error) {
		values, err := t.values()
		if err != nil {
			return nil, err
		}
		rows := everyRow(t, nil)
		hard := func(i int) float64 { return t.measure.Uncertainty(values[i]) }
		slices.SortStableFunc(rows, func(a, b int) int { return cmp.Compare(hard(b), hard(a)) })
		rows = rows[int(t.param(hardest.Name)*float64(len(rows))):]
		if len(rows) < t.k {
			return nil, fmt.Errorf("choose %d of the %d samples that are left without the hardest: %w; lower the parameter beta", t.k, len(rows), ErrTooFew)
		}
		var out []Picked
		strata := stratify(rows, hard)
		for j, quota := range shares(strata, t.k) {
			slices.SortFunc(strata[j], func(a, b int) int {
				return cmp.Or(cmp.Compare(seeded.Uniform(t.Seed, t.pool.Records[b].ID), seeded.Uniform(t.Seed, t.pool.Records[a].ID)), cmp.Compare(a, b))
			})
			for _, row := range strata[j][:quota] {
				out = append(out, Picked{Row: row, Score: values[row], Cluster: j + 1})
			}
		}
		return out, nil
	},
}

// stratify cuts rows, the hardest first, into strata of equal width. What is
// infinitely hard, as a sample that was never learned may be, is in the first.
func stratify(rows []int, hard func(int) float64) [][]int {
	most, least := math.Inf(-1), math.Inf(1)
	for _, i := range rows {
		if v := hard(i); !math.IsInf(v, 0) {
			most, least = max(most, v), min(least, v)
		}
	}
	strata := make([][]int, ccsStrata)
	for _, i := range rows {
		at := 0
		if v := hard(i); v < most {
			at = int(min((most-v)/(most-least)*ccsStrata, ccsStrata-1))
		}
		strata[at] = append(strata[at], i)
	}
	return strata
}

// shares deals k out to the strata.
func shares(strata [][]int, k int) []int {
	order := make([]int, len(strata))
	for j := range order {
		order[j] = j
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(len(strata[a]), len(strata[b])) })
	out := make([]int, len(strata))
	for done, j := range order {
		out[j] = min(len(strata[j]), k/(len(order)-done))
		k -= out[j]
	}
	return out
}
