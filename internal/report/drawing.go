package report

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// intervals is the scale on which accuracies are drawn, a row each; positions are in
// percent of its width.
type intervals struct {
	Ticks []tick
	Rows  []interval
}

type interval struct{ Low, Value, High float64 }

// newIntervals lays out accuracies and their intervals; nil where there are none.
func newIntervals(rows []interval) *intervals {
	if len(rows) == 0 {
		return nil
	}
	lo, hi := 1.0, 0.0
	for _, r := range rows {
		lo, hi = math.Min(lo, r.Low), math.Max(hi, r.High)
	}
	at, step := spread(lo, hi, 3)
	x := axis{lo: at[0], hi: at[len(at)-1], from: 6, to: 94}
	var v intervals
	for _, t := range at {
		v.Ticks = append(v.Ticks, tick{x.at(t), percentTick(t, step)})
	}
	for _, r := range rows {
		v.Rows = append(v.Rows, interval{x.at(r.Low), x.at(r.Value), x.at(r.High)})
	}
	return &v
}

// ofAccuracies are the intervals of single runs.
func ofAccuracies(accuracies []Accuracy) (rows []interval) {
	for _, a := range accuracies {
		rows = append(rows, interval{a.Low, a.Value, a.High})
	}
	return rows
}

// ofNetworks are the spreads over several seeds.
func ofNetworks(networks []network) (rows []interval) {
	for _, n := range networks {
		row := interval{n.Accuracy, n.Accuracy, n.Accuracy}
		if n.Low != nil {
			row.Low, row.High = *n.Low, *n.High
		}
		rows = append(rows, row)
	}
	return rows
}

// strip draws the kept channels of a layer as cells one unit wide.
func strip(l Layer) string {
	if len(l.Indices) == 0 {
		return fmt.Sprintf("M0 0h%dv1h-%dz", l.Kept, l.Kept)
	}
	cell := cellWidth(l.Channels)
	var b strings.Builder
	for _, c := range l.Indices {
		fmt.Fprintf(&b, "M%s 0h%gv1h-%gz", coordinate(float64(c)), cell, cell)
	}
	return b.String()
}

// cellWidth is the width of one of n cells: they stand apart while they are wide enough
// to be seen one by one.
func cellWidth(n int) float64 {
	if n > 64 {
		return 1
	}
	return 0.84
}

// highest is the largest share that a class has of a batch, to which bars are drawn.
func highest(rounds []Round) float64 {
	top := 0.0
	for _, b := range rounds {
		for _, n := range b.Counts {
			top = math.Max(top, ratio(float64(n), float64(sum(b.Counts))))
		}
	}
	return top
}

func sum(counts []int) (n int) {
	for _, c := range counts {
		n += c
	}
	return n
}

// bars draws the share of each class of a batch as a bar one unit wide, over a ground
// line; a share of top is twenty units high.
func bars(counts []int, top float64) string {
	const height = 20.0
	cell, all := cellWidth(len(counts)), float64(sum(counts))
	var b strings.Builder
	for i, n := range counts {
		if n > 0 {
			high := coordinate(math.Max(1, height*ratio(float64(n), all)/top))
			fmt.Fprintf(&b, "M%s 20h%gv-%sh-%gz", coordinate(float64(i)), cell, high, cell)
		}
	}
	return b.String()
}

// maxClasses is how many classes the table of them shows in full.
const maxClasses = 40

// shownClasses are the numbers of the classes that the table shows: all of few, else
// those with the fewest labels of the first arm and those with the most.
func shownClasses(balance []Balance) []int {
	if len(balance) == 0 {
		return nil
	}
	counts := balance[0].Counts
	out := make([]int, len(counts))
	for i := range out {
		out[i] = i
	}
	if len(out) <= maxClasses {
		return out
	}
	slices.SortStableFunc(out, func(a, b int) int { return counts[a] - counts[b] })
	return slices.Concat(out[:maxClasses/2], out[len(out)-maxClasses/2:])
}
