package selection

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/prunefuse/prunefuse/internal/seeded"
)

const (
	typiClustMost  = 500 // clusters
	typiClustSmall = 5   // a cluster of so few is passed over
	typicalOf      = 20  // neighbours
)

var typiClust = Strategy{
	Name: "typiclust", Summary: "the most typical of clusters that have no label: few labels",
	Reference: "Hacohen et al. 2022 (arXiv 2202.02794)",
	Needs:     Needs{Features: true, Labelled: Welcome},
	Memory:    "4d + 60 B", Time: "rounds·min(k + L, 500)·n·d + k·(cluster)²·d",
	pick: func(ctx context.Context, t *task) ([]Picked, error) {
		// Labelled rows come last, so that a row of the pool keeps its number.
		f := Features{t.pool.Features.Dim, slices.Concat(t.pool.Features.Data, t.labelled.Features.Data)}
		k := min(t.labelled.Features.Len()+t.k, typiClustMost, f.Len())
		c, err := kMeans(ctx, f, nil, k, seeded.NewStream(t.Seed, t.Strategy), t.workers)
		if err != nil {
			return nil, err
		}
		return pickTypical(ctx, t, c, f)
	},
}

// members are the rows of a cluster that can be chosen.
type members struct {
	cluster, labelled, size int
	free                    []int
}

// pickTypical goes round the clusters, those with the fewest labels first and
// then the largest, and takes the most typical of each: the one with the
// smallest mean distance to its min(20, size/2) nearest neighbours among
// those that can be chosen. The score is 1 over that mean.
func pickTypical(ctx context.Context, t *task, c *clusters, f Features) ([]Picked, error) {
	queue := orderClusters(t, c)
	out := make([]Picked, 0, t.k)
	for turn := 0; len(out) < t.k; turn++ {
		m := &queue[turn%len(queue)]
		if len(m.free) == 0 {
			continue
		}
		next := typical(ctx, f, m.free, t.workers)
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		out = append(out, Picked{Row: next.index, Score: -1 / next.value, Cluster: m.cluster + 1})
		at, _ := slices.BinarySearch(m.free, next.index)
		m.free = slices.Delete(m.free, at, at+1)
		t.progress(len(out), t.k)
	}
	return out, nil
}

// orderClusters leaves out small clusters unless the large ones cannot fill the
// batch.
func orderClusters(t *task, c *clusters) []members {
	all := make([]members, c.centres.Len())
	for i, of := range c.of {
		all[of].cluster = of
		all[of].size++
		if i < t.n() {
			all[of].free = append(all[of].free, i)
		} else {
			all[of].labelled++
		}
	}
	all = slices.DeleteFunc(all, func(m members) bool { return len(m.free) == 0 })
	slices.SortStableFunc(all, func(a, b members) int {
		return cmp.Or(
			compareBool(a.size <= typiClustSmall, b.size <= typiClustSmall),
			cmp.Compare(a.labelled, b.labelled), cmp.Compare(b.size, a.size),
		)
	})
	large, room := len(all), 0
	for i, m := range all {
		if m.size <= typiClustSmall {
			large = i
			break
		}
		room += len(m.free)
	}
	if room >= t.k {
		all = all[:large]
	}
	return all
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	default:
		return 1
	}
}

// typical returns the row with the smallest mean distance to its neighbours among
// rows, which ascend; its value is minus that mean.
func typical(ctx context.Context, f Features, rows []int, workers int) candidate {
	k := max(1, min(typicalOf, len(rows)/2))
	norms := make([]float64, len(rows))
	for a, row := range rows {
		norms[a] = dot64(f.Row(row), f.Row(row))
	}
	filter := newFilter(f.Dim)
	return best(min(workers, len(rows)), func(w int) candidate {
		lo, hi := share(len(rows), w, min(workers, len(rows)))
		found, near := none, newNearest(k)
		for a := lo; a < hi && ctx.Err() == nil; a++ {
			near.reset()
			row := f.Row(rows[a])
			for b, other := range rows {
				if near.worst() == 0 { // copies enough: none is nearer
					break
				}
				if b != a && !filter.atLeast(near.worst(), row, f.Row(other), norms[a]+norms[b]) {
					near.add(distance2(row, f.Row(other)), b)
				}
			}
			var sum float64
			for _, n := range near.found {
				sum += math.Sqrt(n.value)
			}
			// A row alone, or among copies of itself, is as typical as can be.
			mean := max(sum/float64(k), leastDistance)
			if c := (candidate{rows[a], -mean}); c.beats(found) {
				found = c
			}
		}
		return found
	})
}

// leastDistance stands in for smaller ones where something is divided by it.
const leastDistance = 1e-12
