package data

import (
	"math"
	"sync"
)

// floats holds *[]float32 used while a sample is read.
var floats = sync.Pool{New: func() any { return new([]float32) }}

// withFloats calls use with n values of scratch memory.
func withFloats(n int, use func([]float32) error) error {
	p := floats.Get().(*[]float32)
	defer floats.Put(p)
	if cap(*p) < n {
		*p = make([]float32, n)
	}
	return use((*p)[:n])
}

// taps are the weights of one output position over consecutive inputs.
type taps struct {
	first   int
	weights []float32
}

// triangle returns the taps of a triangle filter from in to out positions with
// half-pixel centres. When shrinking, the filter widens with the scale, so that
// nothing is skipped; at the borders it is cut and renormalised.
func triangle(in, out int) []taps {
	scale := float64(in) / float64(out)
	support := max(scale, 1)
	all := make([]taps, out)
	weights := make([]float32, 0, out*(2*int(support)+3)) // of all positions
	for o := range all {
		centre := (float64(o) + 0.5) * scale
		first := max(int(centre-support+0.5), 0)
		last := min(int(centre+support+0.5), in)
		weight := func(i int) float64 { return max(0, 1-math.Abs(float64(i)-centre+0.5)/support) }
		sum := 0.0
		for i := first; i < last; i++ {
			sum += weight(i)
		}
		start := len(weights)
		for i := first; i < last; i++ {
			weights = append(weights, float32(weight(i)/sum))
		}
		all[o] = taps{first, weights[start:]}
	}
	return all
}

// resample resizes src, channels planes of h×w values, to planes of oh×ow in
// dst: along the rows first, then along the columns. An axis that keeps its
// length is copied.
func resample(src []float32, s Shape, dst []float32, oh, ow int) {
	if s.H == oh && s.W == ow {
		copy(dst, src)
		return
	}
	across, down := triangle(s.W, ow), triangle(s.H, oh)
	_ = withFloats(s.H*ow, func(narrow []float32) error {
		for c := range s.C {
			plane := src[c*s.H*s.W:][:s.H*s.W]
			if s.W == ow {
				copy(narrow, plane)
			} else {
				resampleRows(plane, s.W, across, narrow)
			}
			resampleColumns(narrow, ow, down, dst[c*oh*ow:][:oh*ow])
		}
		return nil
	})
}

func resampleRows(src []float32, w int, across []taps, dst []float32) {
	o := 0
	for start := 0; start < len(src); start += w {
		row := src[start : start+w]
		for _, t := range across {
			in := row[t.first:][:len(t.weights)]
			var sum float32
			for k, weight := range t.weights {
				sum += weight * in[k]
			}
			dst[o] = sum
			o++
		}
	}
}

func resampleColumns(src []float32, w int, down []taps, dst []float32) {
	for o, t := range down {
		out := dst[o*w:][:w]
		clear(out)
		for k, weight := range t.weights {
			for x, v := range src[(t.first+k)*w:][:w] {
				out[x] += weight * v
			}
		}
	}
}
