package pixel

import "sync"

// floats holds *[]float32 used while a sample is read.
var floats = sync.Pool{New: func() any { return new([]float32) }}

// WithFloats calls use with n values of scratch memory.
func WithFloats(n int, use func([]float32) error) error {
	p := floats.Get().(*[]float32)
	defer floats.Put(p)
	if cap(*p) < n {
		*p = make([]float32, n)
	}
	return use((*p)[:n])
}

// resample writes the window of src, planes of a shape, to dst as resize does
// for 8-bit values, but without rounding: along the rows first, then along the
// columns. An axis that keeps its length is copied.
func resample(src []float32, s Shape, p Placement, f filter, dst []float32) {
	across, down := f.taps(s.W, p.Columns, p.Left, p.Left+p.W), f.taps(s.H, p.Rows, p.Top, p.Top+p.H)
	_ = WithFloats(s.H*p.W, func(narrow []float32) error {
		for c := range s.C {
			plane := src[c*s.H*s.W:][:s.H*s.W]
			if s.W == p.Columns {
				for y := range s.H {
					copy(narrow[y*p.W:][:p.W], plane[y*s.W+p.Left:])
				}
			} else {
				resampleRows(plane, s.W, across, narrow)
			}
			out := dst[c*p.H*p.W:][:p.H*p.W]
			if s.H == p.Rows {
				copy(out, narrow[p.Top*p.W:])
			} else {
				resampleColumns(narrow, p.W, down, out)
			}
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
			var sum float64
			for k, weight := range t.weights {
				sum += weight * float64(in[k])
			}
			dst[o] = float32(sum)
			o++
		}
	}
}

func resampleColumns(src []float32, w int, down []taps, dst []float32) {
	for o, t := range down {
		out := dst[o*w:][:w]
		clear(out)
		for k, weight := range t.weights {
			weight := float32(weight)
			for x, v := range src[(t.first+k)*w:][:w] {
				out[x] += weight * v
			}
		}
	}
}
