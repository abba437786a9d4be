package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// track is a line before it is laid out. low and high bound its band and are
// nil where there is none.
type track struct {
	name      string
	x, y      []float64
	low, high []float64
}

// hidden tells of each track under which other one it runs, -1 for none. Of two that
// coincide the one with more points is drawn.
func hidden(tracks []track, tolerance float64) []int {
	order := make([]int, len(tracks))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(len(tracks[b].x), len(tracks[a].x)) })
	out := make([]int, len(tracks))
	var drawn []int
	for _, i := range order {
		k := slices.IndexFunc(drawn, func(k int) bool { return tracks[i].under(tracks[k], tolerance) })
		if k < 0 {
			drawn = append(drawn, i)
			out[i] = -1
		} else {
			out[i] = drawn[k]
		}
	}
	return out
}

// under reports whether all points of a line lie on another, to a tolerance, or where
// the other one steps from one value to the next.
func (t track) under(o track, tolerance float64) bool {
	if t.low != nil || o.low != nil || len(t.x) < 2 {
		return false
	}
	for i, x := range t.x {
		k, _ := slices.BinarySearch(o.x, x) // the first not below x
		if k == len(o.x) || k == 0 && o.x[0] != x {
			return false
		}
		a, b := o.y[max(k-1, 0)], o.y[k]
		if o.x[k] == x {
			a = b
		}
		if t.y[i] < min(a, b)-tolerance || t.y[i] > max(a, b)+tolerance {
			return false
		}
	}
	return true
}

// sentences say which tracks run under which.
func sentences(tracks []track, over []int) []string {
	var out []string
	for i := range tracks {
		var names []string
		for k, above := range over {
			if above == i {
				names = append(names, tracks[k].name)
			}
		}
		switch {
		case len(names) == 0:
		case len(names) == len(tracks)-1:
			out = append(out, "One line for all: it is the same in each.")
		default:
			out = append(out, fmt.Sprintf("The line of %s is that of %s as well.", tracks[i].name, strings.Join(names, "; ")))
		}
	}
	return out
}
