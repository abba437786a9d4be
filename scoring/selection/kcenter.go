package selection

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
)

var kCenter = Strategy{
	Name: "k-center", Summary: "greedily the farthest from all that is labelled or chosen",
	Reference: "Sener & Savarese 2018 (arXiv 1708.00489)",
	Needs:     Needs{Features: true, Labelled: Welcome},
	Memory:    "20 B", Time: "at most (k + L)·n·d",
	pick: func(ctx context.Context, t *task) ([]Picked, error) {
		centres, err := KCenter(ctx, t.pool.Features, t.k, KCenterOptions{
			Labelled: t.labelled.Features, Workers: t.workers, Progress: t.progress,
		})
		out := make([]Picked, len(centres))
		for i, c := range centres {
			out[i] = Picked{Row: c.Index, Score: c.Distance}
		}
		return out, err
	},
}

// Center is one choice of k-center greedy.
type Center struct {
	Index int // the row of the pool's features
	// Distance is that to the nearest labelled or earlier chosen sample,
	// which no sample of the pool exceeded then. The first choice where
	// nothing is labelled has none: it is 0.
	Distance float64
}

// KCenterOptions are the settings of KCenter; the zero value will do.
type KCenterOptions struct {
	// Labelled are the features of the labelled samples: the centres to start
	// from.
	Labelled Features
	Workers  int // goroutines; 0 is one a core
	// Progress is told after each choice how many are made.
	Progress func(done, total int)
}

// KCenter chooses k samples of the pool by k-center greedy (Sener & Savarese
// 2018, algorithm 1; Gonzalez 1985 for the factor of 2 to the best cover):
// again and again the sample farthest, in Euclidean distance, from its
// nearest centre, where centres are the labelled and the chosen samples. It
// returns them in that order, the first one included, each once; the lowest
// index wins a tie.
//
// The paper always starts from labelled samples. Where there are none the
// first choice is the sample nearest to the pool's mean. Any start keeps the
// factor of 2, and this one needs no seed and is not an outlier.
//
// Distances are sums in float64 over the axes in order, so that the result
// is the same for every number of workers. Memory besides the features is 20
// bytes a sample, whatever k and the labelled set are.
func KCenter(ctx context.Context, pool Features, k int, o KCenterOptions) ([]Center, error) {
	if err := pool.check("features of the pool"); err != nil {
		return nil, fmt.Errorf("k-center: %w", err)
	}
	if len(o.Labelled.Data) > 0 {
		if err := o.Labelled.check("features of the labelled set"); err != nil {
			return nil, fmt.Errorf("k-center: %w", err)
		}
		if o.Labelled.Dim != pool.Dim {
			return nil, fmt.Errorf("k-center: labelled features have %d axes and the pool's %d", o.Labelled.Dim, pool.Dim)
		}
	}
	switch {
	case k < 1:
		return nil, errors.New("k-center: the number to choose must be at least 1")
	case k > pool.Len():
		return nil, fmt.Errorf("k-center: choose %d of %d samples: %w", k, pool.Len(), ErrTooFew)
	}
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if o.Progress == nil {
		o.Progress = func(int, int) {}
	}
	picked, err := farthestFirst(ctx, newCover(pool.Len(), newEuclid(pool, o.Labelled), o.Workers), k, o.Progress,
		func() int { return nearestToMean(pool) })
	if err != nil {
		return nil, fmt.Errorf("k-center: %w", err)
	}
	out := make([]Center, len(picked))
	for i, p := range picked {
		out[i] = Center{p.index, math.Sqrt(p.value)}
	}
	return out, nil
}

// farthestFirst takes k samples, each the farthest from the centres before
// it. First is the one to begin with where there is no centre.
func farthestFirst(ctx context.Context, c *cover, k int, progress func(done, total int), first func() int) ([]candidate, error) {
	chosen := make([]candidate, 0, k)
	for len(chosen) < k {
		var next candidate
		if c.metric.centres() == 0 {
			next.index = first()
		} else {
			next = c.farthest(ctx)
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		c.take(next.index)
		chosen = append(chosen, next)
		progress(len(chosen), k)
	}
	return chosen, nil
}

// nearestToMean returns the row nearest to the mean of all rows.
func nearestToMean(f Features) int {
	mean := make([]float64, f.Dim)
	for i := range f.Len() {
		for d, v := range f.Row(i) {
			mean[d] += float64(v)
		}
	}
	for d := range mean {
		mean[d] /= float64(f.Len())
	}
	nearest, least := 0, math.Inf(1)
	for i := range f.Len() {
		var sum float64
		for d, v := range f.Row(i) {
			diff := float64(v) - mean[d]
			sum += float64(diff * diff)
		}
		if sum < least {
			nearest, least = i, sum
		}
	}
	return nearest
}
