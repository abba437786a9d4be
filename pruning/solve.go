package pruning

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/prunefuse/prunefuse/internal/term"
)

// ratioStep is how finely the search for a ratio looks: below what one
// channel of any ranking makes out.
const ratioStep = 1e-9

// meet finds the least ratio that keeps within a budget of MACs or
// Parameters. At the ratio next to it several groups may lose a channel at
// once, so in the end each group whose ratio is free gets one step of its
// alignment back if that still fits, those that lost most first. What is left
// of the budget is then less than such a step.
func (c *chooser) meet(b Budget, dense int64, cost func([]int) (int64, error)) ([]int, *Reached, error) {
	r := &Reached{Of: b.Of, Dense: dense, Limit: b.limit(dense)}
	measure := func(counts []int) (int64, error) {
		r.Tried++
		return cost(counts)
	}
	if r.Limit >= dense {
		return nil, nil, fmt.Errorf("%s: the model has %s already, which is within %s", b.Of, b.Of.figure(dense), b.Of.figure(r.Limit))
	}
	low, high := 0.0, 1.0
	counts := c.counts(high)
	got, err := measure(counts)
	if err != nil {
		return nil, nil, err
	}
	if got > r.Limit {
		return nil, nil, c.unreachable(r, counts, got, cost)
	}
	for high-low > ratioStep {
		middle := (low + high) / 2
		at := c.counts(middle)
		n, err := measure(at)
		switch {
		case err != nil:
			return nil, nil, err
		case n > r.Limit:
			low = middle
		default:
			high, counts, got = middle, at, n
		}
	}
	r.Ratio = high
	for _, g := range c.byLoss(counts) {
		had := counts[g]
		if counts[g] = c.more(g, had); counts[g] == had {
			continue
		}
		n, err := measure(counts)
		switch {
		case err != nil:
			return nil, nil, err
		case n > r.Limit:
			counts[g] = had
		default:
			got = n
		}
	}
	r.Got = got
	return counts, r, nil
}

// byLoss are the groups whose ratio is free, those that lost the greatest
// share first.
func (c *chooser) byLoss(counts []int) []int {
	var out []int
	for _, g := range c.groups {
		if c.free(g.ID) {
			out = append(out, g.ID)
		}
	}
	kept := func(g int) float64 { return float64(counts[g]) / float64(c.groups[g].Size) }
	slices.SortStableFunc(out, func(i, j int) int { return cmp.Compare(kept(i), kept(j)) })
	return out
}

// UnreachableError says that a budget cannot be met.
type UnreachableError struct {
	Of                  Quantity
	Limit, Least, Dense int64
	// Bounds are the groups in which most of Least is, the greatest first.
	Bounds []Bound
}

// Bound is a group that holds a budget up: its part of the cost with as few
// channels as may stay.
type Bound struct {
	Group      string
	Kept, Size int
	Cost       int64
}

func (e *UnreachableError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s is out of reach; the least is %s of %s (%s)", e.Of, e.Of.figure(e.Limit),
		e.Of.figure(e.Least), e.Of.figure(e.Dense), term.Percent(float64(e.Least)/float64(e.Dense)))
	for i, g := range e.Bounds {
		sep := ", bound by "
		if i > 0 {
			sep = " and "
		}
		fmt.Fprintf(&b, "%s%s (%d of %d channels stay", sep, g.Group, g.Kept, g.Size)
		if g.Cost > 0 {
			fmt.Fprintf(&b, ", %s", e.Of.figure(g.Cost))
		}
		b.WriteString(")")
	}
	return b.String()
}

// boundsShown is how many groups an UnreachableError names.
const boundsShown = 3

// unreachable finds which groups hold most of the least cost. A cost grows in
// proportion to the channels of a group, others equal, so one channel tells.
func (c *chooser) unreachable(r *Reached, least []int, got int64, cost func([]int) (int64, error)) error {
	e := &UnreachableError{Of: r.Of, Limit: r.Limit, Least: got, Dense: r.Dense}
	for i, g := range c.groups {
		counts := slices.Clone(least)
		if counts[i]++; counts[i] > g.Size {
			counts[i] = least[i] - 1
		}
		n, err := cost(counts)
		if err != nil {
			return err
		}
		each := (n - got) / int64(counts[i]-least[i])
		e.Bounds = append(e.Bounds, Bound{g.Name(), least[i], g.Size, each * int64(least[i])})
	}
	slices.SortStableFunc(e.Bounds, func(x, y Bound) int { return cmp.Compare(y.Cost, x.Cost) })
	e.Bounds = e.Bounds[:min(boundsShown, len(e.Bounds))]
	return e
}
