package selection

import (
	"context"
	"math"
	"sync"

	"github.com/prunefuse/prunefuse/internal/seeded"
)

// metric is a growing list of centres and how far the samples of a pool are
// from them. Calls of near run beside each other, and never beside add.
type metric interface {
	// centres is the number of centres there are.
	centres() int
	// add makes sample i of the pool the next centre.
	add(i int)
	// near is the smallest of known and of the distances of sample i to the
	// centres from, …, to−1.
	near(i, from, to int, known float64) float64
}

// cover keeps for each sample of a pool an upper bound of its distance to the
// nearest centre. As distances only shrink while centres are added, a sample
// whose bound does not make it a candidate need not be looked at again, and
// one that does catches up with all the centres it missed. What comes out is
// as if every distance had been computed, for every number of workers.
//
// Memory is 12 bytes a sample.
type cover struct {
	metric   metric
	workers  int
	bound    []float64 // of the distance; taken for a sample that is chosen
	seen     []int32   // the centres that the bound knows
	top      []float64 // the largest bound of each block
	caughtUp []int32   // the round in which the candidates of each block caught up
	round    int32
}

const (
	// coverBlock is the number of samples whose largest bound is kept.
	coverBlock = 64
	// coverStep is how many centres a sample catches up with before it is
	// asked again whether it still is a candidate.
	coverStep = 32
	// taken is below every distance, so that what was chosen is not chosen
	// again, not among duplicates either.
	taken = -1
)

func newCover(n int, m metric, workers int) *cover {
	blocks := (n + coverBlock - 1) / coverBlock
	c := &cover{
		metric: m, workers: min(workers, blocks),
		bound: make([]float64, n), seen: make([]int32, n),
		top: make([]float64, blocks), caughtUp: make([]int32, blocks),
	}
	for i := range c.bound {
		c.bound[i] = math.Inf(1)
	}
	for b := range c.top {
		c.top[b] = math.Inf(1)
	}
	return c
}

// take makes sample i a centre.
func (c *cover) take(i int) {
	c.bound[i] = taken
	c.metric.add(i)
}

// farthest returns the sample farthest from its nearest centre, and how far that
// is. There is a centre, and a sample that is not taken; the result is void
// once ctx is done.
func (c *cover) farthest(ctx context.Context) candidate {
	c.round++
	return best(c.workers, func(w int) candidate {
		lo, hi := share(len(c.top), w, c.workers)
		out := none
		for ctx.Err() == nil {
			b := lo
			for i := lo + 1; i < hi; i++ {
				if c.top[i] > c.top[b] {
					b = i
				}
			}
			// Blocks that tie with what was found come in order, so that
			// after one of them no index can be lower.
			if c.top[b] < out.value || c.caughtUp[b] == c.round {
				break
			}
			out = c.catchUpBlock(b, out)
		}
		return out
	})
}

// catchUpBlock lets the candidates of a block catch up and returns the best of them
// and of out.
func (c *cover) catchUpBlock(b int, out candidate) candidate {
	lo, hi := b*coverBlock, min((b+1)*coverBlock, len(c.bound))
	first := lo
	for i := lo; i < hi; i++ {
		if c.bound[i] > c.bound[first] {
			first = i
		}
	}
	out = c.offer(first, out)
	for i := lo; i < hi; i++ {
		out = c.offer(i, out)
	}
	c.top[b], c.caughtUp[b] = taken, c.round
	for i := lo; i < hi; i++ {
		c.top[b] = max(c.top[b], c.bound[i])
	}
	return out
}

func (c *cover) offer(i int, out candidate) candidate {
	if c.bound[i] == taken {
		return out
	}
	for centres := c.metric.centres(); int(c.seen[i]) < centres; {
		if c.bound[i] < out.value {
			return out
		}
		c.catchUp(i, min(int(c.seen[i])+coverStep, centres))
	}
	if f := (candidate{i, c.bound[i]}); f.beats(out) {
		return f
	}
	return out
}

func (c *cover) catchUp(i, to int) {
	c.bound[i] = c.metric.near(i, int(c.seen[i]), to, c.bound[i])
	c.seen[i] = int32(to)
}

// draw chooses a sample with probability proportional to a weight, which may
// not grow when the distance shrinks, and returns it with its distance. It is
// the sample with the smallest e/weight, e an exponential draw for each, which
// has that law (Efraimidis & Spirakis 2006) and lets most samples lose by
// their bound. Where no weight is above 0 it is the first that is not taken.
func (c *cover) draw(ctx context.Context, s seeded.Stream, weight func(i int, distance float64) float64) candidate {
	centres := c.metric.centres()
	won := best(c.workers, func(w int) candidate {
		lo, hi := share(len(c.bound), w, c.workers)
		out, least := none, math.Inf(1)
		for i := lo; i < hi && ctx.Err() == nil; i++ {
			if c.bound[i] == taken {
				continue
			}
			u, heaviest := s.Uniform(i), weight(i, c.bound[i])
			if u >= least*heaviest || heaviest <= 0 { // e ≥ u
				continue
			}
			e := -math.Log1p(-u)
			if e >= least*heaviest {
				continue
			}
			c.catchUp(i, centres)
			if v := weight(i, c.bound[i]); v > 0 && e/v < least {
				least = e / v
				out = candidate{i, -least}
			}
		}
		return out
	})
	for i := 0; won == none && i < len(c.bound); i++ {
		if c.bound[i] != taken {
			c.catchUp(i, centres)
			won.index = i
			break
		}
	}
	won.value = c.bound[won.index]
	return won
}

// candidate is a sample and what speaks for it; the lower index wins a tie.
type candidate struct {
	index int
	value float64
}

func (a candidate) beats(b candidate) bool {
	return a.value > b.value || a.value == b.value && a.index < b.index
}

// none loses against every sample.
var none = candidate{math.MaxInt, math.Inf(-1)}

// best returns the best candidate that any worker finds in its share of the pool.
func best(workers int, find func(worker int) candidate) candidate {
	found := make([]candidate, workers)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() { found[w] = find(w) })
	}
	wg.Wait()
	out := none
	for _, f := range found {
		if f.beats(out) {
			out = f
		}
	}
	return out
}

// share returns the stretch of n that one of several workers has.
func share(n, worker, workers int) (lo, hi int) {
	return n * worker / workers, n * (worker + 1) / workers
}

// parallelStep is the length of the parts that parallel runs.
const parallelStep = 256

// parallel runs f over parts of n, which do not depend on the number of
// workers.
func parallel(ctx context.Context, workers, n int, f func(lo, hi int)) {
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for lo := w * parallelStep; lo < n && ctx.Err() == nil; lo += workers * parallelStep {
				f(lo, min(lo+parallelStep, n))
			}
		})
	}
	wg.Wait()
}
