package pixel

import "math"

// filter is a reconstruction filter of PIL's Image.resize.
type filter struct {
	support float64 // it is zero from here on
	at      func(x float64) float64
}

var bilinear = filter{1, func(x float64) float64 { return max(0, 1-math.Abs(x)) }}

// bicubic is Keys' filter with a = -1/2.
var bicubic = filter{2, func(x float64) float64 {
	const a = -0.5
	x = math.Abs(x)
	switch {
	case x < 1:
		return ((a+2)*x-(a+3))*x*x + 1
	case x < 2:
		return (((x-5)*x+8)*x - 4) * a
	}
	return 0
}}

// taps are the weights of one output position over consecutive inputs.
type taps struct {
	first   int
	weights []float64
}

// taps returns those of the positions from ≤ o < to of out that in positions are
// resized to, with half-pixel centres. When shrinking, the filter widens with
// the scale, so that nothing is skipped; at the borders it is cut and
// renormalised.
func (f filter) taps(in, out, from, to int) []taps {
	scale := float64(in) / float64(out)
	widen := max(scale, 1)
	support := f.support * widen
	all := make([]taps, to-from)
	weights := make([]float64, 0, len(all)*(2*int(support)+3)) // of all positions
	for k := range all {
		centre := (float64(from+k) + 0.5) * scale
		first := max(int(centre-support+0.5), 0)
		last := min(int(centre+support+0.5), in)
		start, sum := len(weights), 0.0
		for i := first; i < last; i++ {
			w := f.at((float64(i) - centre + 0.5) / widen)
			weights = append(weights, w)
			sum += w
		}
		own := weights[start:]
		for i := range own {
			own[i] /= sum
		}
		all[k] = taps{first, own}
	}
	return all
}
