package selection

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"

	"github.com/prunefuse/prunefuse/internal/seeded"
)

var radius = Param{Name: "delta", Default: 0, Min: 0, Max: math.MaxFloat64, Summary: "radius of a ball; 0 finds the largest that is 95 % pure"}

var pureClusters = Param{Name: "classes", Default: 0, Min: 0, Max: 1 << 20, Summary: "clusters; 0 is as many as classes are predicted"}

const (
	purity       = 0.95
	puritySample = 2000 // balls that are looked into
)

var probCover = Strategy{
	Name: "probcover", Summary: "greedily the ball that covers most of what is not covered",
	Reference: "Yehuda et al. 2022 (arXiv 2205.11320)", Params: []Param{radius, pureClusters},
	Needs:  Needs{Features: true, Labelled: Welcome},
	Memory: "73 B", Time: "n²·d",
	// The score is the number of samples that the ball newly covers. Where
	// all is covered, further scores are 0 and come in order of index.
	pick: func(ctx context.Context, t *task) ([]Picked, error) {
		delta := t.param(radius.Name)
		if delta == 0 {
			var err error
			if delta, err = pureRadius(ctx, t); err != nil {
				return nil, err
			}
		}
		b := &balls{f: t.pool.Features, norms: t.pool.Features.lengths2(), workers: t.workers, filter: newFilter(t.pool.Features.Dim)}
		b.square = delta * delta
		b.begin(ctx, t.labelled.Features)
		out := make([]Picked, 0, t.k)
		for len(out) < t.k && ctx.Err() == nil {
			next := none
			for i, d := range b.degree {
				if c := (candidate{i, float64(d)}); d != taken && c.beats(next) {
					next = c
				}
			}
			b.cover(ctx, next.index)
			b.degree[next.index] = taken
			out = append(out, Picked{Row: next.index, Score: next.value})
			t.progress(len(out), t.k)
		}
		return out, nil
	},
}

// balls are those of one radius around every sample. The graph of which
// covers which is not held: each edge is found twice, once when degrees are
// counted and once when its end is covered.
type balls struct {
	f       Features
	norms   []float64
	square  float64 // of the radius
	workers int
	filter  filter

	covered []bool
	degree  []int32 // samples in the ball that are not covered
}

func (b *balls) holds(row []float32, norm float64, i int) bool {
	beyond := math.Nextafter(b.square, math.Inf(1))
	return !b.filter.atLeast(beyond, row, b.f.Row(i), norm+b.norms[i]) && distance2(row, b.f.Row(i)) <= b.square
}

// begin covers the samples that the labelled set covers and counts the others.
func (b *balls) begin(ctx context.Context, labelled Features) {
	n := b.f.Len()
	b.covered, b.degree = make([]bool, n), make([]int32, n)
	labelledNorms := labelled.lengths2()
	parallel(ctx, b.workers, n, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			for j, norm := range labelledNorms {
				if b.holds(labelled.Row(j), norm, i) {
					b.covered[i] = true
					break
				}
			}
		}
	})
	parallel(ctx, b.workers, n, func(lo, hi int) {
		for i := lo; i < hi && ctx.Err() == nil; i++ {
			for j := range n {
				if !b.covered[j] && b.holds(b.f.Row(i), b.norms[i], j) {
					b.degree[i]++
				}
			}
		}
	})
}

// cover takes sample i and what is in its ball out of all balls.
func (b *balls) cover(ctx context.Context, i int) {
	if b.degree[i] == 0 {
		return
	}
	var gone []int
	for j := range b.f.Len() {
		if !b.covered[j] && b.holds(b.f.Row(i), b.norms[i], j) {
			b.covered[j] = true
			gone = append(gone, j)
		}
	}
	parallel(ctx, b.workers, b.f.Len(), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			if b.degree[i] <= 0 {
				continue
			}
			for _, j := range gone {
				if b.holds(b.f.Row(i), b.norms[i], j) {
					b.degree[i]--
				}
			}
		}
	})
}

// pureRadius returns the largest radius at which 95 % of the balls hold samples of
// one cluster only, of as many clusters as the parameter or the predictions say. It looks
// into the balls of up to 2,000 samples, evenly drawn.
func pureRadius(ctx context.Context, t *task) (float64, error) {
	k := int(t.param(pureClusters.Name))
	if k == 0 {
		classes := map[int]bool{}
		for _, r := range t.pool.Records {
			classes[r.Class] = true
		}
		k = len(classes)
	}
	s := seeded.NewStream(t.Seed, t.Strategy)
	f := t.pool.Features
	c, err := kMeans(ctx, f, nil, min(k, t.n()), s.Sub(0), t.workers)
	if err != nil {
		return 0, err
	}
	rows := sample(t.n(), puritySample, s.Sub(1))
	norms, filter := f.lengths2(), newFilter(f.Dim)
	other := make([]float64, len(rows)) // to the nearest sample of another cluster
	parallel(ctx, t.workers, len(rows), func(lo, hi int) {
		for a := lo; a < hi && ctx.Err() == nil; a++ {
			i := rows[a]
			other[a] = math.Inf(1)
			for j := range t.n() {
				if c.of[j] != c.of[i] && !filter.atLeast(other[a], f.Row(i), f.Row(j), norms[i]+norms[j]) {
					other[a] = min(other[a], distance2(f.Row(i), f.Row(j)))
				}
			}
		}
	})
	if ctx.Err() != nil {
		return 0, context.Cause(ctx)
	}
	slices.Sort(other)
	first := other[int((1-purity)*float64(len(other)))] // the ball that must still be pure
	if math.IsInf(first, 1) || first == 0 {
		return 0, errors.New("no radius can be told from the features: all samples are alike, or one class is predicted; give the radius with the parameter delta, or the number of classes with classes")
	}
	return math.Sqrt(first) * (1 - 1e-12), nil
}

// sample returns up to k of n rows, evenly drawn, ascending.
func sample(n, k int, s seeded.Stream) []int {
	rows := make([]int, n)
	for i := range rows {
		rows[i] = i
	}
	if n > k {
		slices.SortFunc(rows, func(a, b int) int { return cmp.Compare(s.Uniform(a), s.Uniform(b)) })
		rows = rows[:k]
		slices.Sort(rows)
	}
	return rows
}
