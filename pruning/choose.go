package pruning

import (
	"fmt"
	"math"
	"slices"
)

// Limits bound what a prune takes from a group. The zero value leaves one
// channel at least.
type Limits struct {
	// MaxRatio is the greatest fraction that a group loses; 0 is no limit.
	MaxRatio float64
	// RoundTo makes the number of channels that stay a multiple, by keeping
	// more, in groups that have more than that. 1 is no rounding; 0 is
	// LatencyRoundTo where the budget is of latency, else 1.
	RoundTo int
}

// LatencyRoundTo is the multiple that channels are rounded to where a prune
// is for speed: that of ONNX Runtime's blocked convolutions.
const LatencyRoundTo = 8

func (l Limits) check() error {
	if !(l.MaxRatio >= 0 && l.MaxRatio <= 1) {
		return fmt.Errorf("greatest ratio %v: want a fraction of each group's channels, above 0 and up to 1", l.MaxRatio)
	}
	if l.RoundTo < 0 {
		return fmt.Errorf("rounding to multiples of %d: want at least 1", l.RoundTo)
	}
	return nil
}

// least is the fewest of n channels that stay.
func (l Limits) least(n int) int {
	if l.MaxRatio == 0 {
		return 1
	}
	// A hair below, so that 10·(1−0.9) is 1 and not 2.
	return max(int(math.Ceil(float64(n)*(1-l.MaxRatio)-1e-9)), 1)
}

// align is the least number of channels from k on that a group of n may keep.
func (l Limits) align(k, n int) int {
	if l.RoundTo < 2 || n <= l.RoundTo {
		return k
	}
	return min((k+l.RoundTo-1)/l.RoundTo*l.RoundTo, n)
}

// chooser makes selections by one number, the ratio: how many channels of
// each group stay follows from it and from nothing else but the scores.
type chooser struct {
	Limits
	groups   []*Group
	order    [][]int // by group: its choices, the most important first
	rankings []ranking
}

// newChooser ranks the groups by scores. Own gives groups, by ID, ratios of
// their own; they stand outside the scope.
func newChooser(a *Analysis, scores [][]float64, s Scope, comparable bool, own map[int]float64, l Limits) (*chooser, error) {
	if err := l.check(); err != nil {
		return nil, err
	}
	c := &chooser{Limits: l, groups: a.Groups}
	var rest []*Group
	for _, g := range a.Groups {
		c.order = append(c.order, ranked(scores[g.ID]))
		if ratio, ok := own[g.ID]; ok {
			r := newRanking([]int{g.ID}, scores, comparable)
			r.fixed = &ratio
			c.rankings = append(c.rankings, r)
			continue
		}
		rest = append(rest, g)
	}
	parts, err := s.partition(rest)
	if err != nil {
		return nil, err
	}
	for _, groups := range parts {
		c.rankings = append(c.rankings, newRanking(groups, scores, comparable))
	}
	return c, nil
}

// counts are how many channels of each group stay at a ratio from 0 to 1: of
// the C channels of a ranking, floor(C·(1−ratio)), and then as many more as
// the limits want.
func (c *chooser) counts(ratio float64) []int {
	out := make([]int, len(c.groups))
	for _, r := range c.rankings {
		for _, g := range r.groups {
			out[g] = c.groups[g].Size
		}
		c.remove(r, ratio, out)
	}
	for i, g := range c.groups {
		out[i] = c.align(out[i], g.Size)
	}
	return out
}

func (c *chooser) remove(r ranking, ratio float64, counts []int) {
	if r.fixed != nil {
		ratio = *r.fixed
	}
	n := len(r.order)
	// A hair above, so that 10·(1−0.9) keeps 1 and not 0.
	excess := n - int(math.Floor(float64(n)*(1-ratio)+1e-9))
	for _, g := range r.order {
		if excess <= 0 {
			return
		}
		if counts[g] > c.least(c.groups[g].Size) {
			counts[g]--
			excess--
		}
	}
}

// free reports whether the ratio has a say in how much of a group stays.
func (c *chooser) free(group int) bool {
	for _, r := range c.rankings {
		if slices.Contains(r.groups, group) {
			return r.fixed == nil
		}
	}
	return false
}

// more is the next greater number of channels that a group may keep.
func (c *chooser) more(group, count int) int {
	return c.align(min(count+1, c.groups[group].Size), c.groups[group].Size)
}

// kept are the most important channels, so many of each group, the most
// important first.
func (c *chooser) kept(counts []int) Selection {
	sel := make(Selection, len(counts))
	for i, n := range counts {
		sel[i] = c.order[i][:n]
	}
	return sel
}

// selection is kept in ascending order.
func (c *chooser) selection(counts []int) Selection {
	sel := c.kept(counts)
	for i := range sel {
		sel[i] = slices.Sorted(slices.Values(sel[i]))
	}
	return sel
}
