package op

import (
	"fmt"
	"math"
)

// padGrad cuts the padding off. The value padded with collects the rest; where
// the padding is taken from the input, what arrives there goes back to where
// it was taken.
func padGrad(g *Grad) error {
	begin, end, err := padding(g.Infer)
	if err != nil {
		return err
	}
	back := make([]int64, 0, 2*len(begin))
	for _, d := range append(begin, end...) {
		n, known := d.Value()
		if !known {
			begin = nil
			break
		}
		back = append(back, -n)
	}
	mode := g.Node.Str("mode", "constant")
	var dx string
	switch {
	case mode != "constant" && begin == nil:
		return &noGradError{fmt.Sprintf("its padding, in mode %s, is computed at run time", mode)}
	case mode != "constant":
		return foldPadding(g, mode, back)
	case begin == nil:
		in := []string{g.GO(0), g.Neg(g.I(1))}
		if axes := g.I(3); axes != "" {
			in = append(in, "", axes)
		}
		dx = g.Op("Pad", in)
	default:
		dx = g.Pad(g.GO(0), back...)
	}
	g.GI(0, dx)
	if g.Needs(2) {
		whole := g.Op("ReduceSum", []string{g.GO(0)}, keepDims(false))
		g.GI(2, g.ReshapeLike(g.Sub(whole, g.Op("ReduceSum", []string{dx}, keepDims(false))), g.I(2), g.In(2).Shape))
	}
	return nil
}

// foldPadding adds up, axis by axis, what arrives at every place that one
// position was copied to. Back is the padding, negated: of all begins, then of
// all ends.
func foldPadding(g *Grad, mode string, back []int64) error {
	rank := len(back) / 2
	source := paddedFrom[mode]
	if source == nil {
		return fmt.Errorf("mode %q is none of ONNX's", mode)
	}
	sums := make([][]stretch, rank)
	for k := range rank {
		begin, end := -back[k], -back[rank+k]
		n, known := g.In(0).Shape[k].Value()
		switch {
		case begin == 0 && end == 0:
			continue
		case !known || n < 1 || begin < 0 || end < 0:
			return &noGradError{fmt.Sprintf("in mode %s the padded axis %d of %v must have a known extent, and none is cut", mode, k, g.In(0).Shape)}
		}
		from := make([]int64, begin+n+end)
		for i := range from {
			from[i] = source(int64(i)-begin, n)
		}
		sums[k] = stretches(from)
	}
	dx := g.GO(0)
	for k, list := range sums {
		if list != nil {
			dx = g.gathered(dx, rank, k, g.In(0).Shape[k].Or(0), list)
		}
	}
	g.GI(0, dx)
	return nil
}

// paddedFrom gives, by mode, the position within n that position i of the
// padded axis is a copy of, counted from where the input begins.
var paddedFrom = map[string]func(i, n int64) int64{
	"edge": func(i, n int64) int64 { return min(max(i, 0), n-1) },
	"wrap": func(i, n int64) int64 { return (i%n + n) % n },
	"reflect": func(i, n int64) int64 {
		if n == 1 {
			return 0
		}
		period := 2 * (n - 1)
		i = (i%period + period) % period
		return min(i, period-i)
	},
}

// stretch is a run of positions that are copies of a rising, a falling or a
// single position.
type stretch struct{ at, len, from, step int64 }

// stretches parts a list of positions.
func stretches(from []int64) []stretch {
	var out []stretch
	for i := 0; i < len(from); {
		r := stretch{at: int64(i), len: 1, from: from[i]}
		if i+1 < len(from) && from[i+1]-from[i] >= -1 && from[i+1]-from[i] <= 1 {
			r.step = from[i+1] - from[i]
			for i+int(r.len) < len(from) && from[i+int(r.len)] == r.from+r.len*r.step {
				r.len++
			}
		}
		out = append(out, r)
		i += int(r.len)
	}
	return out
}

// gathered adds up the stretches of axis k, each put back to the n positions that
// it was copied from.
func (e *Emit) gathered(dy string, rank, k int, n int64, list []stretch) string {
	sum := ""
	axis := []int64{int64(k)}
	for _, r := range list {
		first, size := r.from, r.len
		part := e.Slice(dy, []int64{r.at}, []int64{r.at + r.len}, axis, []int64{1})
		switch r.step {
		case 0:
			size = 1
			if r.len > 1 {
				part = e.Sum(part, true, int64(k))
			}
		case -1:
			first -= r.len - 1
			part = e.Slice(part, []int64{-1}, []int64{math.MinInt32}, axis, []int64{-1})
		}
		if size < n {
			pads := make([]int64, 2*rank)
			pads[k], pads[rank+k] = first, n-first-size
			part = e.Pad(part, pads...)
		}
		sum = e.both(sum, part)
	}
	return sum
}
