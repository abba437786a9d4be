package selection

import (
	"context"
	"math"
	"slices"
	"sync"

	"github.com/prunefuse/prunefuse/internal/seeded"
)

// clusters are the outcome of k-means.
type clusters struct {
	centres Features
	of      []int // the cluster of each row
}

const (
	// kMeansRounds and kMeansTolerance end Lloyd's algorithm where no row
	// changes its cluster any more, or before: after so many rounds, as in
	// Faiss, or once the centres move, in squared distance, by less than that
	// fraction of the mean variance of an axis, as in scikit-learn.
	kMeansRounds    = 25
	kMeansTolerance = 1e-4
)

// kMeans cuts rows into k clusters, from a k-means++ start (Arthur &
// Vassilvitskii 2007) by Lloyd's algorithm, with Hamerly's bounds (2010) to
// leave out distances that cannot matter. A row of weight 2 counts as two;
// weights may be nil for equal ones. A cluster that no row is left in keeps
// its centre, so that duplicates do no harm. Memory is 44 bytes a row.
func kMeans(ctx context.Context, f Features, weights []float64, k int, s seeded.Stream, workers int) (*clusters, error) {
	l := &lloyd{f: f, weights: weights, workers: workers, filter: newFilter(f.Dim), norms: f.lengths2()}
	l.of = make([]int, f.Len())
	l.upper, l.lower = make([]float64, f.Len()), make([]float64, f.Len())
	l.centres = f.rows(l.seed(ctx, k, s))
	for i := range l.of {
		l.of[i], l.upper[i] = -1, math.Inf(1)
	}
	enough := kMeansTolerance * l.variance()
	for range kMeansRounds {
		changed := l.assign(ctx)
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if !changed || l.move() <= enough {
			break
		}
	}
	return &clusters{l.centres, l.of}, nil
}

// lloyd is a run of k-means.
type lloyd struct {
	f       Features
	norms   []float64
	weights []float64
	workers int
	filter  filter

	centres      Features
	of           []int
	upper, lower []float64 // bounds of the distance to the own and to any other centre
}

func (l *lloyd) weight(i int) float64 {
	if l.weights == nil {
		return 1
	}
	return l.weights[i]
}

// seed draws k rows by k-means++, each with probability proportional to its
// weight times the squared distance to the nearest one before.
func (l *lloyd) seed(ctx context.Context, k int, s seeded.Stream) []int {
	e := &euclid{pool: l.f, poolNorms: l.norms, filter: l.filter}
	c := newCover(l.f.Len(), e, l.workers)
	first := c.draw(ctx, s.Sub(0), func(i int, _ float64) float64 { return l.weight(i) })
	c.take(first.index)
	for i := 1; i < k && ctx.Err() == nil; i++ {
		c.take(c.draw(ctx, s.Sub(i), func(i int, distance float64) float64 { return l.weight(i) * distance }).index)
	}
	return e.chosen
}

// variance returns the mean over the axes of the variance.
func (l *lloyd) variance() float64 {
	n, d := float64(l.f.Len()), l.f.Dim
	sum, square := make([]float64, d), make([]float64, d)
	for i := range l.f.Len() {
		for a, v := range l.f.Row(i) {
			sum[a] += float64(v)
		}
	}
	for i := range l.f.Len() {
		for a, v := range l.f.Row(i) {
			diff := float64(v) - sum[a]/n
			square[a] += diff * diff
		}
	}
	var mean float64
	for _, v := range square {
		mean += v / n / float64(d)
	}
	return mean
}

// boundSlack covers the rounding of bounds: they are compared as if they were
// so much nearer to each other.
const boundSlack = 1e-9

// assign gives each row its nearest centre, the lower one of a tie, and
// reports whether any row changed.
func (l *lloyd) assign(ctx context.Context) bool {
	norms := l.centres.lengths2()
	if l.of[0] < 0 {
		parallel(ctx, l.workers, l.f.Len(), func(lo, hi int) {
			for i := lo; i < hi; i++ {
				l.nearest(i, norms)
			}
		})
		return true
	}
	rows, first := l.byCluster()
	changed := make([]bool, len(norms))
	var wg sync.WaitGroup
	for w := range l.workers {
		wg.Go(func() {
			gaps := make([]float64, len(norms))
			for c := w; c < len(norms) && ctx.Err() == nil; c += l.workers {
				changed[c] = l.reassign(c, rows[first[c]:first[c+1]], gaps, norms)
			}
		})
	}
	wg.Wait()
	return slices.Contains(changed, true)
}

// byCluster returns the rows in order of their clusters, and where each begins.
func (l *lloyd) byCluster() (rows, first []int) {
	first = make([]int, l.centres.Len()+1)
	for _, c := range l.of {
		first[c+1]++
	}
	for c := range l.centres.Len() {
		first[c+1] += first[c]
	}
	rows, next := make([]int, len(l.of)), slices.Clone(first)
	for i, c := range l.of {
		rows[next[c]] = i
		next[c]++
	}
	return rows, first
}

// reassign looks at the rows of cluster c again. Gaps is room for the
// distances of its centre to the others: a centre farther from it than the row
// is, and farther by more than the row's nearest centre so far, is not nearer
// to the row.
func (l *lloyd) reassign(c int, rows []int, gaps, norms []float64) (changed bool) {
	half := math.Inf(1)
	for j := range gaps {
		gaps[j] = math.Sqrt(distance2(l.centres.Row(c), l.centres.Row(j))) * (1 - boundSlack)
		if j != c {
			half = min(half, gaps[j]/2)
		}
	}
	for _, i := range rows {
		safe := max(half, l.lower[i])
		if l.upper[i] < safe {
			continue
		}
		own := distance2(l.f.Row(i), l.centres.Row(c))
		if l.upper[i] = math.Sqrt(own) * (1 + boundSlack); l.upper[i] < safe {
			continue
		}
		if l.nearestFrom(i, c, own, gaps, norms) != c {
			changed = true
		}
	}
	return changed
}

// nearestFrom finds the centre of row i anew from c, at a squared distance of
// own.
func (l *lloyd) nearestFrom(i, c int, own float64, gaps, norms []float64) int {
	row, least, second, at := l.f.Row(i), own, math.Inf(1), c
	from, near := l.upper[i], l.upper[i]
	beyond := math.Inf(1) // a bound of what the gaps leave out
	for j, norm := range norms {
		switch {
		case j == c:
			continue
		case gaps[j]-from > near:
			beyond = min(beyond, gaps[j]-from)
			continue
		case l.filter.atLeast(second, row, l.centres.Row(j), l.norms[i]+norm):
			continue
		}
		switch d := distance2(row, l.centres.Row(j)); {
		case d < least || d == least && j < at:
			at, least, second = j, d, least
			near = math.Sqrt(least) * (1 + boundSlack)
		case d < second:
			second = d
		}
	}
	l.of[i], l.upper[i], l.lower[i] = at, near, min(math.Sqrt(second)*(1-boundSlack), beyond)
	return at
}

// nearest finds the centre of row i among all.
func (l *lloyd) nearest(i int, norms []float64) {
	row, least, second, at := l.f.Row(i), math.Inf(1), math.Inf(1), 0
	for j, norm := range norms {
		if l.filter.atLeast(second, row, l.centres.Row(j), l.norms[i]+norm) {
			continue
		}
		switch d := distance2(row, l.centres.Row(j)); {
		case d < least:
			at, least, second = j, d, least
		case d < second:
			second = d
		}
	}
	l.of[i], l.upper[i], l.lower[i] = at, math.Sqrt(least)*(1+boundSlack), math.Sqrt(second)*(1-boundSlack)
}

// move makes each centre the mean of its rows, brings the bounds up to date
// and returns the sum of the squared distances moved.
func (l *lloyd) move() float64 {
	k, d := l.centres.Len(), l.f.Dim
	sums, total := make([]float64, k*d), make([]float64, k)
	for i, c := range l.of {
		w := l.weight(i)
		total[c] += w
		for a, v := range l.f.Row(i) {
			sums[c*d+a] += float64(w * float64(v))
		}
	}
	moved := make([]float64, k)
	var all, most float64
	for c := range k {
		if total[c] == 0 {
			continue
		}
		old := append([]float32(nil), l.centres.Row(c)...)
		for a := range d {
			l.centres.Data[c*d+a] = float32(sums[c*d+a] / total[c])
		}
		square := distance2(old, l.centres.Row(c))
		all += square
		moved[c] = math.Sqrt(square) * (1 + boundSlack)
		most = max(most, moved[c])
	}
	for i, c := range l.of {
		l.upper[i] += moved[c]
		l.lower[i] -= most
	}
	return all
}

// nearestEach takes for each cluster in turn the row nearest to its centre
// that is not taken yet.
func (c *clusters) nearestEach(ctx context.Context, f Features, workers int) []candidate {
	norms, centreNorms, filter := f.lengths2(), c.centres.lengths2(), newFilter(f.Dim)
	gone := make([]bool, f.Len())
	out := make([]candidate, 0, c.centres.Len())
	for j := range c.centres.Len() {
		centre := c.centres.Row(j)
		next := best(min(workers, f.Len()), func(w int) candidate {
			lo, hi := share(f.Len(), w, min(workers, f.Len()))
			found, least := none, math.Inf(1)
			for i := lo; i < hi && ctx.Err() == nil; i++ {
				if gone[i] || filter.atLeast(least, f.Row(i), centre, norms[i]+centreNorms[j]) {
					continue
				}
				if d := distance2(f.Row(i), centre); d < least {
					found, least = candidate{i, -d}, d
				}
			}
			return found
		})
		if ctx.Err() != nil {
			return out
		}
		gone[next.index] = true
		out = append(out, next)
	}
	return out
}
