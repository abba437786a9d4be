package pruning

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// Selection is what to keep: for each group, by ID, the choices that stay,
// ascending. Nil keeps a group whole.
type Selection [][]int

// Uniform keeps the most important floor(C·(1−ratio)) of the C choices of
// every group, and at least one. Of equals the lower index stays.
func (a *Analysis) Uniform(ratio float64, scores [][]float64) (Selection, error) {
	if !(ratio >= 0 && ratio < 1) {
		return nil, fmt.Errorf("ratio %v: want the share of channels to remove, from 0 up to but not including 1", ratio)
	}
	out := make(Selection, len(a.Groups))
	for i, g := range a.Groups {
		// A hair above, so that 10·(1−0.9) keeps 1 and not 0.
		n := max(int(math.Floor(float64(g.Size)*(1-ratio)+1e-9)), 1)
		out[i] = best(scores[i], n)
	}
	return out, nil
}

// best are the indices of the n greatest scores, ascending; of equals the lower.
func best(scores []float64, n int) []int {
	kept := ranked(scores)[:n]
	slices.Sort(kept)
	return kept
}

// ranked are the indices of the scores, the greatest first; of equals the
// lower index.
func ranked(scores []float64) []int {
	order := iota(len(scores))
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(scores[j], scores[i]) })
	return order
}

// removed marks, by class root, what a selection removes.
func (a *Analysis) removed(sel Selection) ([]bool, error) {
	if len(sel) != len(a.Groups) {
		return nil, fmt.Errorf("selection is for %d groups, the model has %d", len(sel), len(a.Groups))
	}
	gone := make([]bool, len(a.space.parent))
	for i, g := range a.Groups {
		if sel[i] == nil {
			continue
		}
		if len(sel[i]) == 0 {
			return nil, fmt.Errorf("group %s: nothing would be left of it", g.Name())
		}
		stays := make([]bool, g.Size)
		for _, k := range sel[i] {
			if k < 0 || k >= g.Size {
				return nil, fmt.Errorf("group %s: index %d of %d", g.Name(), k, g.Size)
			}
			stays[k] = true
		}
		for k, r := range g.classes {
			if !stays[k] {
				gone[r] = true
			}
		}
	}
	return gone, nil
}

// loses reports whether an axis loses any position to a set of removed
// classes.
func (a *Analysis) loses(x axis, gone []bool) bool {
	return len(a.kept(x, gone)) < x.extent()
}

// kept are the positions of an axis that a set of removed classes leaves.
func (a *Analysis) kept(x axis, gone []bool) []int {
	out := make([]bool, x.extent())
	a.positions(x, func(p int, r elem) { out[p] = out[p] || gone[r] })
	var stay []int
	for p, g := range out {
		if !g {
			stay = append(stay, p)
		}
	}
	return stay
}
