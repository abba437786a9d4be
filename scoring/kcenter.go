package scoring

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"sync"

	"gonum.org/v1/gonum/blas/gonum"
)

// Features is a matrix of float32, one row a sample, row after row in Data.
type Features struct {
	Dim  int // length of a row
	Data []float32
}

// Len is the number of rows.
func (f Features) Len() int {
	if f.Dim <= 0 {
		return 0
	}
	return len(f.Data) / f.Dim
}

// Row is row i. It shares f's memory.
func (f Features) Row(i int) []float32 { return f.Data[i*f.Dim : (i+1)*f.Dim] }

func (f Features) check(what string) error {
	if f.Dim <= 0 || len(f.Data)%f.Dim != 0 {
		return fmt.Errorf("%s features: %d values are no rows of %d", what, len(f.Data), f.Dim)
	}
	for i := range f.Len() {
		if err := checkFinite(f.Row(i)); err != nil {
			return fmt.Errorf("%s features, row %d: %w", what, i, err)
		}
	}
	return nil
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
	// Labelled are the features of what is labelled already: the centres to
	// start from.
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
// is the same for every number of workers. Memory besides the features is 16
// bytes a sample, whatever k and the labelled set are; time is
// O((k + labelled) × pool × Dim).
func KCenter(ctx context.Context, pool Features, k int, o KCenterOptions) ([]Center, error) {
	if err := pool.check("pool"); err != nil {
		return nil, fmt.Errorf("k-center: %w", err)
	}
	if len(o.Labelled.Data) > 0 {
		if err := o.Labelled.check("labelled"); err != nil {
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
	return newCover(pool, o.Workers).grow(ctx, k, o)
}

// coverBlock is the number of rows handled as one: what the reduction over
// goroutines is cut into, and small enough for the rows to stay in the
// processor's cache while many centres pass over them.
const coverBlock = 256

// cover holds the distance of every sample to its nearest centre.
type cover struct {
	pool    Features
	workers int
	near    []float64  // squared distance, +Inf before there is a centre
	norm2   []float64  // squared length of each row
	best    []farthest // of each block
	filter  filter
}

type farthest struct {
	near2 float64
	index int
}

func newCover(pool Features, workers int) *cover {
	n := pool.Len()
	blocks := (n + coverBlock - 1) / coverBlock
	c := &cover{
		pool: pool, workers: min(workers, blocks),
		near: make([]float64, n), norm2: make([]float64, n), best: make([]farthest, blocks),
		filter: newFilter(pool.Dim),
	}
	for i := range n {
		c.near[i] = math.Inf(1)
		c.norm2[i] = dot64(pool.Row(i), pool.Row(i))
	}
	return c
}

func (c *cover) grow(ctx context.Context, k int, o KCenterOptions) ([]Center, error) {
	chosen := make([]Center, 0, k)
	var far farthest
	if o.Labelled.Len() > 0 {
		far = c.add(ctx, o.Labelled)
	} else {
		far.index = c.nearestToMean()
	}
	for {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("k-center: %w", context.Cause(ctx))
		}
		chosen = append(chosen, Center{far.index, math.Sqrt(far.near2)})
		if o.Progress != nil {
			o.Progress(len(chosen), k)
		}
		if len(chosen) == k {
			return chosen, nil
		}
		// Below every distance, so that it is not chosen again among
		// duplicates, whose distance is 0.
		c.near[far.index] = -1
		far = c.add(ctx, Features{c.pool.Dim, c.pool.Row(far.index)})
	}
}

// add brings near up to date with further centres and returns the sample
// that is then farthest. Its result is void once ctx is done.
func (c *cover) add(ctx context.Context, centres Features) farthest {
	norms := make([]float64, centres.Len())
	for i := range norms {
		norms[i] = dot64(centres.Row(i), centres.Row(i))
	}
	var wg sync.WaitGroup
	for w := range c.workers {
		wg.Go(func() {
			for b := w; b < len(c.best) && ctx.Err() == nil; b += c.workers {
				c.best[b] = c.addToBlock(b, centres, norms)
			}
		})
	}
	wg.Wait()
	far := c.best[0]
	for _, f := range c.best[1:] {
		if f.near2 > far.near2 {
			far = f
		}
	}
	return far
}

func (c *cover) addToBlock(b int, centres Features, norms []float64) farthest {
	lo, hi := b*coverBlock, min((b+1)*coverBlock, len(c.near))
	for j, norm := range norms {
		centre := centres.Row(j)
		for i := lo; i < hi; i++ {
			row := c.pool.Row(i)
			if c.filter.atLeast(c.near[i], row, centre, c.norm2[i]+norm) {
				continue
			}
			c.near[i] = min(c.near[i], distance2(row, centre))
		}
	}
	far := farthest{c.near[lo], lo}
	for i := lo + 1; i < hi; i++ {
		if c.near[i] > far.near2 {
			far = farthest{c.near[i], i}
		}
	}
	return far
}

// nearestToMean is the first centre where nothing is labelled.
func (c *cover) nearestToMean() int {
	mean := make([]float64, c.pool.Dim)
	for i := range c.near {
		for d, v := range c.pool.Row(i) {
			mean[d] += float64(v)
		}
	}
	for d := range mean {
		mean[d] /= float64(len(c.near))
	}
	nearest, least := 0, math.Inf(1)
	for i := range c.near {
		var sum float64
		for d, v := range c.pool.Row(i) {
			diff := float64(v) - mean[d]
			sum += float64(diff * diff)
		}
		if sum < least {
			nearest, least = i, sum
		}
	}
	return nearest
}

// distance2 is the squared Euclidean distance. The conversion keeps the
// compiler from fusing the product into the sum, which some processors would
// and others would not.
func distance2(a, b []float32) float64 {
	var sum float64
	b = b[:len(a)]
	for i, v := range a {
		diff := float64(v) - float64(b[i])
		sum += float64(diff * diff)
	}
	return sum
}

func dot64(a, b []float32) float64 {
	var sum float64
	b = b[:len(a)]
	for i, v := range a {
		sum += float64(v) * float64(b[i])
	}
	return sum
}

// filter tells cheaply that a distance is no smaller than one known already:
// by |a|² + |b|² − 2ab with a vectorised float32 product, less all the error
// that product can have. Whatever it does not settle is computed in full, so
// it changes the time and never the result.
type filter struct {
	slack float64 // bound of the relative error of a dot product, doubled
	tiny  float64 // bound of what products lose below the normal range
}

// filterLimit is the sum of two squared lengths up to which no partial sum
// of a float32 dot product overflows.
const filterLimit = math.MaxFloat32 / 4

func newFilter(dim int) filter {
	// n terms, fewer than 2²³, lose less than n·2⁻²³ of Σ|aᵢbᵢ|, and that sum
	// is at most (|a|² + |b|²)/2.
	n := float64(dim + 8)
	return filter{slack: n * 0x1p-23, tiny: n * 0x1p-148}
}

// atLeast reports that |a − b|² ≥ known for certain; norms is |a|² + |b|².
func (f filter) atLeast(known float64, a, b []float32, norms float64) bool {
	if norms > filterLimit {
		return false
	}
	product := float64(gonum.Implementation{}.Sdot(len(a), a, 1, b, 1))
	return norms*(1-f.slack)-2*product-f.tiny >= known
}
