package selection

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/prunefuse/prunefuse/internal/seeded"
)

const zhdanov = "Zhdanov 2019 (arXiv 1901.05954)"

var prefilter = Param{Name: "beta", Default: 10, Min: 1, Max: 1e6, Summary: "cluster the beta·k most uncertain"}

var kMeansBatch = Strategy{
	Name: "k-means", Summary: "the nearest to each of k means of the most uncertain",
	Reference: zhdanov, Measure: "margin", AnyMeasure: true, Scores: true, Params: []Param{prefilter},
	Needs:  Needs{Features: true},
	Memory: "16 B, and 4d + 69 B for each that is clustered", Time: "n·log n + rounds·beta·k²·d",
	pick: func(ctx context.Context, t *task) ([]Picked, error) { return pickMeans(ctx, t, prefiltered, false) },
}

var weightedKMeans = Strategy{
	Name: "weighted-k-means", Summary: "the same, the means weighted by uncertainty",
	Reference: zhdanov, Measure: "margin", AnyMeasure: true, Scores: true, Params: []Param{prefilter},
	Needs:  Needs{Features: true},
	Memory: "16 B, and 4d + 69 B for each that is clustered", Time: "n·log n + rounds·beta·k²·d",
	pick: func(ctx context.Context, t *task) ([]Picked, error) { return pickMeans(ctx, t, prefiltered, true) },
}

var clue = Strategy{
	Name: "clue", Summary: "the nearest to each of k means of all, weighted by entropy",
	Reference: "Prabhu et al. 2021 (arXiv 2010.08666)", Measure: "entropy", AnyMeasure: true, Scores: true,
	Needs:  Needs{Features: true},
	Memory: "85 B", Time: "rounds·k·n·d",
	pick: func(ctx context.Context, t *task) ([]Picked, error) { return pickMeans(ctx, t, everyRow, true) },
}

// everyRow leaves nothing out.
func everyRow(t *task, _ []float64) []int {
	out := make([]int, t.n())
	for i := range out {
		out[i] = i
	}
	return out
}

// prefiltered returns the beta·k rows that weigh most, ascending.
func prefiltered(t *task, weights []float64) []int {
	rows := everyRow(t, weights)
	slices.SortStableFunc(rows, func(a, b int) int { return cmp.Compare(weights[b], weights[a]) })
	if most := t.param(prefilter.Name) * float64(t.k); most < float64(len(rows)) {
		rows = rows[:int(most)]
	}
	slices.Sort(rows)
	return rows
}

// pickMeans clusters some rows into k and takes the nearest to each centre.
// The score is the distance to it, less is nearer.
func pickMeans(ctx context.Context, t *task, choose func(*task, []float64) []int, weigh bool) ([]Picked, error) {
	all, err := t.weights()
	if err != nil {
		return nil, err
	}
	rows := choose(t, all)
	f := t.pool.Features
	var weights []float64
	if weigh {
		weights = make([]float64, len(rows))
		for i, row := range rows {
			weights[i] = all[row]
		}
	}
	if len(rows) < t.n() {
		f = f.rows(rows)
	}
	c, err := kMeans(ctx, f, weights, t.k, seeded.NewStream(t.Seed, t.Strategy), t.workers)
	if err != nil {
		return nil, err
	}
	out := make([]Picked, 0, t.k)
	for j, near := range c.nearestEach(ctx, f, t.workers) {
		out = append(out, Picked{Row: rows[near.index], Score: math.Sqrt(-near.value), Cluster: j + 1})
		t.progress(j+1, t.k)
	}
	return out, nil
}
