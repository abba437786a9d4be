package report

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/prunefuse/prunefuse/internal/term"
)

// The drawing is in user units that are pixels at its full width. Colours,
// fonts and strokes are the style sheet's.
const (
	chartWidth, chartHeight = 520.0, 310.0
	plotLeft, plotRight     = 58.0, 508.0
	plotTop, plotBottom     = 12.0, 264.0
)

// chart is a line chart, laid out.
type chart struct {
	ID, Title, Desc string
	XLabel          string
	XTicks, YTicks  []tick
	Lines           []line
	Same            []string // sentences on lines that are not drawn, as they run under others
}

type tick struct {
	At   float64
	Text string
}

type line struct {
	Class string // of its colour and dash
	Path  string
	Band  string // closed area around the line; "" for none
	Marks []mark
	Sign  string // path of its marker around the origin
}

type mark struct{ X, Y float64 }

// signs are the markers of successive lines, so that they can be told apart
// without colour.
var signs = []string{
	"M-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0z", // disc
	"M-3.6-3.6h7.2v7.2h-7.2z",            // square
	"M0-5 5 0 0 5-5 0z",                  // diamond
	"M0-4.8 4.6 3.6h-9.2z",               // triangle
}

// lineClasses is the number of line styles in the style sheet.
const lineClasses = 6

// scale is what an axis of accuracies or of other numbers looks like, and the interval
// that it does not leave.
type scale struct {
	format         func(v, step float64) string
	floor, ceiling float64
}

var (
	shares  = scale{percentTick, 0, 1}
	numbers = scale{numberTick, 0, math.Inf(1)}
)

// newChart lays out tracks, or returns nil when no track has two points.
func newChart(tracks []track, s scale) *chart {
	var xs, ys []float64
	drawable := false
	for _, t := range tracks {
		drawable = drawable || len(t.x) > 1
		xs = append(xs, t.x...)
		ys = append(append(append(ys, t.y...), t.low...), t.high...)
	}
	if !drawable {
		return nil
	}
	x := axis{lo: slices.Min(xs), hi: slices.Max(xs), from: plotLeft + 10, to: plotRight - 14}
	yTicks, step := spread(slices.Min(ys), slices.Max(ys), 5)
	y := axis{lo: math.Max(s.floor, yTicks[0]), hi: math.Min(s.ceiling, yTicks[len(yTicks)-1]), from: plotBottom, to: plotTop}
	c := &chart{XTicks: xTicks(xs, x)}
	for _, v := range yTicks {
		if v >= y.lo-step/1e6 && v <= y.hi+step/1e6 {
			c.YTicks = append(c.YTicks, tick{y.at(v), s.format(v, step)})
		}
	}
	over := hidden(tracks, (y.hi-y.lo)/1e6)
	for i, t := range tracks {
		if over[i] < 0 {
			c.Lines = append(c.Lines, t.layOut(i, x, y))
		}
	}
	c.Same = sentences(tracks, over)
	return c
}

func (t track) layOut(i int, x, y axis) line {
	l := line{Class: lineClass(i), Sign: sign(i)}
	l.Path = polyline(t.x, t.y, x, y)
	switch {
	case t.low == nil:
	case len(t.x) == 1: // a band without width cannot be seen
		at, low, high := x.at(t.x[0]), y.at(t.low[0]), y.at(t.high[0])
		l.Band = fmt.Sprintf("M%s %sH%sV%sH%sz", coordinate(at-3), coordinate(low), coordinate(at+3), coordinate(high), coordinate(at-3))
	default:
		backX, backY := slices.Clone(t.x), slices.Clone(t.low)
		slices.Reverse(backX)
		slices.Reverse(backY)
		l.Band = polyline(append(slices.Clone(t.x), backX...), append(slices.Clone(t.high), backY...), x, y) + "z"
	}
	// More markers than this would hide the line.
	if len(t.x) <= 16 {
		for j := range t.x {
			l.Marks = append(l.Marks, mark{x.at(t.x[j]), y.at(t.y[j])})
		}
	}
	return l
}

func lineClass(i int) string { return fmt.Sprintf("s%d", i%lineClasses+1) }

func sign(i int) string { return signs[i%len(signs)] }

func polyline(xs, ys []float64, x, y axis) string {
	var b strings.Builder
	for i := range xs {
		sep := "L"
		if i == 0 {
			sep = "M"
		}
		b.WriteString(sep + coordinate(x.at(xs[i])) + " " + coordinate(y.at(ys[i])))
	}
	return b.String()
}

func coordinate(v float64) string { return strconv.FormatFloat(math.Round(v*10)/10, 'f', -1, 64) }

// axis maps [lo, hi] to [from, to].
type axis struct{ lo, hi, from, to float64 }

func (a axis) at(v float64) float64 {
	if a.hi == a.lo {
		return (a.from + a.to) / 2
	}
	return math.Round(10*(a.from+(v-a.lo)/(a.hi-a.lo)*(a.to-a.from))) / 10
}

// xTicks are the values themselves where they leave room for their text, else
// round numbers.
func xTicks(xs []float64, x axis) []tick {
	xs = slices.Clone(xs)
	slices.Sort(xs)
	xs = slices.Compact(xs)
	const room = 46
	for i := 1; i < len(xs); i++ {
		if x.at(xs[i])-x.at(xs[i-1]) < room {
			xs, _ = spread(x.lo, x.hi, 6)
			break
		}
	}
	var ticks []tick
	for _, v := range xs {
		if v >= x.lo && v <= x.hi && v == math.Trunc(v) {
			ticks = append(ticks, tick{x.at(v), term.Count(int64(v))})
		}
	}
	return ticks
}

// spread returns about n round numbers from at or below lo to at or above hi,
// and their distance.
func spread(lo, hi float64, n int) (ticks []float64, step float64) {
	if hi-lo < 1e-9*math.Max(1, math.Abs(hi)) {
		pad := math.Max(math.Abs(hi)/20, 0.01)
		lo, hi = lo-pad, hi+pad
	}
	raw := (hi - lo) / float64(n)
	size := math.Pow(10, math.Floor(math.Log10(raw)))
	step = 10 * size
	for _, f := range []float64{1, 2, 5} {
		if f*size >= raw {
			step = f * size
			break
		}
	}
	first, last := math.Floor(lo/step+1e-9), math.Ceil(hi/step-1e-9)
	for k := first; k <= last; k++ {
		ticks = append(ticks, k*step)
	}
	return ticks, step
}

func percentTick(v, step float64) string {
	return numberTick(100*v, 100*step) + "\u202f%"
}

// numberTick writes v to the precision of step.
func numberTick(v, step float64) string {
	decimals := max(0, int(math.Ceil(-math.Log10(step)-1e-9)))
	return strconv.FormatFloat(v, 'f', decimals, 64)
}
