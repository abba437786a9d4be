package pruning

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/prunefuse/prunefuse/onnxio/latency"
)

// A search for a latency looks at no more than so many candidates, of ratios
// with three decimals, and is content within this share below the limit.
const (
	latencyTries = 16
	latencySlack = 0.03
	latencyStep  = 1e-3

	latencyBudget = time.Second // for both models, each time they are compared
)

// meetLatency finds the ratio at which a run of one sample takes no longer
// than the budget. Each candidate is built and timed side by side with the
// dense model, so that what else the machine does weighs on both. What it
// returns follows from the ratio alone, which is in Reached.
func (c *chooser) meetLatency(ctx context.Context, a *Analysis, by Config) ([]int, *Reached, error) {
	s := &latencySearch{chooser: c, a: a, budget: by.Budget, options: latency.Options{
		Session: by.Evidence.Session, Budget: latencyBudget, Shapes: by.InputShapes,
	}}
	_, open, err := by.InputShapes.Sample(a.Model.Graph.Inputs())
	if err == nil && len(open) > 0 {
		err = fmt.Errorf("input %q is of open size; give its shape", open[0])
	}
	if err == nil {
		s.dense, err = a.Model.Marshal()
	}
	if err != nil {
		return nil, nil, fmt.Errorf("latency: %w", err)
	}
	counts, r, err := s.run(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("latency: %w", err)
	}
	return counts, r, nil
}

type latencySearch struct {
	*chooser
	a       *Analysis
	dense   []byte
	budget  Budget
	options latency.Options
	tried   int
}

// candidate is a ratio and what was measured there.
type candidate struct {
	counts []int
	Reached
}

// over is the latency in units of the limit.
func (c candidate) over() float64 { return float64(c.Got) / float64(c.Limit) }

func (s *latencySearch) run(ctx context.Context) ([]int, *Reached, error) {
	best, err := s.measure(ctx, 1)
	if err != nil {
		return nil, nil, err
	}
	if best.Limit >= best.Dense {
		return nil, nil, fmt.Errorf("the model takes %s already, which is within %s", Latency.figure(best.Dense), Latency.figure(best.Limit))
	}
	if best.over() > 1 {
		e := &UnreachableError{Of: Latency, Limit: best.Limit, Least: best.Got, Dense: best.Dense}
		return nil, nil, e
	}
	low, high := 0.0, 1.0
	lowOver, highOver := float64(best.Dense)/float64(best.Limit), best.over()
	// Work, and about so time, goes with the square of what stays.
	ratio := 1 - math.Sqrt(1/lowOver)
	for s.tried < latencyTries && high-low > latencyStep {
		ratio = math.Round(min(max(ratio, low+latencyStep), high-latencyStep)/latencyStep) * latencyStep
		if ratio <= low || ratio >= high {
			break
		}
		c, err := s.measure(ctx, ratio)
		if err == nil && c.over() <= 1 {
			c, err = s.confirm(ctx, c)
		}
		if err != nil {
			return nil, nil, err
		}
		if over := c.over(); over > 1 {
			low, lowOver = ratio, over
		} else {
			high, highOver, best = ratio, over, c
			if over > 1-latencySlack {
				break
			}
		}
		// Where the line between the two ends crosses the middle of what is
		// wanted, but not so near an end that the bracket would hardly shrink.
		at := (lowOver - (1 - latencySlack/2)) / (lowOver - highOver)
		ratio = low + (high-low)*min(max(at, 0.1), 0.9)
	}
	best.Tried = s.tried
	return best.counts, &best.Reached, nil
}

// confirm measures once more what seems to be within the limit, and takes the
// worse of the two: noise must not end the search.
func (s *latencySearch) confirm(ctx context.Context, c candidate) (candidate, error) {
	again, err := s.measure(ctx, c.Ratio)
	if again.over() < c.over() {
		again = c
	}
	return again, err
}

// measure builds the model at a ratio and times it.
func (s *latencySearch) measure(ctx context.Context, ratio float64) (candidate, error) {
	s.tried++
	c := candidate{counts: s.counts(ratio), Reached: Reached{Of: Latency, Ratio: ratio}}
	m, _, err := s.a.Apply(s.selection(c.counts), "")
	if err != nil {
		return c, err
	}
	b, err := m.Marshal()
	if err != nil {
		return c, err
	}
	times, err := latency.Compare(ctx, []latency.Candidate{{Name: "dense", Model: s.dense}, {Name: "pruned", Model: b}}, s.options)
	if err != nil {
		return c, err
	}
	// By the ratios of the rounds: where the machine is busy, medians of the
	// two may fall into moments that do not compare.
	c.Dense = times[0].Median().Nanoseconds()
	c.Got = int64(float64(c.Dense) * latency.RatioOf(times[0], times[1]).Median)
	c.Limit = s.budget.limit(c.Dense)
	return c, nil
}
