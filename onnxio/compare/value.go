package compare

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/ort"
)

// value is what a run gave for one output.
type value struct {
	dims []int64
	elem onnxio.Elem
	// floats or ints are the elements.
	floats []float64
	ints   []int64
}

// runSession runs a session on the feeds, by name, and gives its outputs in
// its order.
func runSession(ctx context.Context, s *ort.Session, feeds map[string]*onnxio.Tensor) (out []value, err error) {
	in := make([]*ort.Tensor, len(s.Inputs()))
	defer func() {
		for _, t := range in {
			if t != nil {
				t.Close()
			}
		}
	}()
	for i, v := range s.Inputs() {
		if in[i], err = session(feeds[v.Name]); err != nil {
			return nil, err
		}
	}
	res := make([]*ort.Tensor, len(s.Outputs()))
	if err := s.Run(ctx, in, res); err != nil {
		return nil, err
	}
	out = make([]value, len(res))
	for i, t := range res {
		if out[i], err = valueOf(t); err != nil {
			return nil, err
		}
		if err := t.Close(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func valueOf(t *ort.Tensor) (value, error) {
	v := value{dims: slices.Clone(t.Shape()), elem: t.Elem()}
	c := onnxio.RawTensor("", t.Elem(), t.Shape(), t.Bytes())
	switch {
	case t.Elem() == onnxio.Float64:
		v.floats = slices.Clone(ort.Data[float64](t))
	case t.Elem().Float():
		f, err := c.Floats()
		if err != nil {
			return v, err
		}
		v.floats = make([]float64, len(f))
		for i, x := range f {
			v.floats[i] = float64(x)
		}
	default:
		var err error
		if v.ints, err = c.Ints(); err != nil {
			return v, err
		}
	}
	return v, nil
}

// joined puts the rows of values of several runs one after another, and keeps
// n of them.
func joined(parts [][]value, n int64) ([]value, error) {
	out := make([]value, len(parts[0]))
	for i := range out {
		for _, p := range parts {
			v := p[i]
			if len(v.dims) == 0 {
				return nil, fmt.Errorf("output %d has no axis for the batch", i)
			}
			if out[i].dims == nil {
				out[i] = value{dims: slices.Clone(v.dims), elem: v.elem}
				out[i].dims[0] = n
			}
			out[i].floats = append(out[i].floats, v.floats...)
			out[i].ints = append(out[i].ints, v.ints...)
		}
		size := int64(1)
		for _, d := range out[i].dims {
			size *= d
		}
		if int64(len(out[i].floats)) >= size && out[i].floats != nil {
			out[i].floats = out[i].floats[:size]
		}
		if int64(len(out[i].ints)) >= size && out[i].ints != nil {
			out[i].ints = out[i].ints[:size]
		}
	}
	return out, nil
}

// usable reports whether there is anything to compare: no element is undefined,
// and some are finite.
func (v value) usable() bool {
	if v.floats == nil {
		return true
	}
	finite := len(v.floats) == 0
	for _, x := range v.floats {
		if math.IsNaN(x) {
			return false
		}
		finite = finite || !math.IsInf(x, 0)
	}
	return finite
}

// gap is how far two values are apart: the greatest difference of an element,
// the greatest magnitude of one, and, where the two differ in another way, how.
type gap struct {
	diff, scale float64
	why         string
}

func between(x, y value) gap {
	switch {
	case x.elem != y.elem:
		return gap{why: fmt.Sprintf("is %v in one and %v in the other", x.elem, y.elem)}
	case !slices.Equal(x.dims, y.dims):
		return gap{why: fmt.Sprintf("has shape %v in one and %v in the other", x.dims, y.dims)}
	case x.floats == nil:
		return unequal(x.ints, y.ints)
	}
	g := gap{}
	for i, p := range x.floats {
		q := y.floats[i]
		switch {
		case p == q:
		case math.IsNaN(p) && math.IsNaN(q):
			continue
		case math.IsNaN(p-q) || math.IsInf(p-q, 0):
			return gap{why: fmt.Sprintf("is %v in one and %v in the other", p, q)}
		}
		if !math.IsInf(p, 0) {
			g.diff, g.scale = max(g.diff, math.Abs(p-q)), max(g.scale, math.Abs(p))
		}
	}
	return g
}

func unequal(x, y []int64) gap {
	count, first := 0, 0
	for i := range x {
		if x[i] != y[i] {
			if count++; count == 1 {
				first = i
			}
		}
	}
	if count == 0 {
		return gap{}
	}
	return gap{why: fmt.Sprintf("differs in %d of %d integers, %d against %d at the first", count, len(x), x[first], y[first])}
}
