package pruning_test

import (
	"testing"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
)

// TestCompensateOpen: extents may be open, also of the plane, and weights of
// 16 bits.
func TestCompensateOpen(t *testing.T) {
	orttest.Need(t)
	for _, elem := range []onnxio.Elem{onnxio.Float32, onnxio.Float16} {
		b := newNet(t, 9)
		still(b)
		b.op("Conv", "y", []string{"h", b.weight("y.w", 4, 8, 3, 3)})
		b.output("y", 0, 4, 0, 0)
		b.p.SetInputType("x", onnxio.Type{Elem: onnxio.Float32, Shape: onnxio.Shape{onnxio.Symbol("N"), onnxio.Known(3), onnxio.Known(6), onnxio.Symbol("W")}})
		b.p.SetOutputType("y", onnxio.Type{Elem: onnxio.Float32, Shape: onnxio.Shape{onnxio.Symbol("N"), onnxio.Known(4), onnxio.Known(4), onnxio.Symbol("V")}})
		dense := halved(t, b.model(), elem)
		r := cut(t, dense, withoutStill)
		if c := compensate(t, r); len(c.Added) != 1 || len(c.Left) > 0 {
			t.Errorf("%v: %+v", elem, c)
		}
		if v := compareAny(t, resized(t, dense, 6, 4), resized(t, r.Model, 6, 4)); !v.Equal() {
			t.Errorf("%v: %+v", elem, v)
		}
	}
}

// halved is the model with weights of an element type, and casts around it.
func halved(t *testing.T, m *onnxio.Model, elem onnxio.Elem) *onnxio.Model {
	t.Helper()
	if elem == onnxio.Float32 {
		return m
	}
	out := m.Clone()
	p := out.Graph.Edit()
	for _, w := range m.Graph.Initializers() {
		v, err := w.Floats()
		if err != nil {
			t.Fatal(err)
		}
		h, err := onnxio.RawTensor(w.Name(), elem, w.Dims(), make([]byte, 2*len(v))).WithFloats(v)
		if err != nil {
			t.Fatal(err)
		}
		p.SetInitializer(h)
	}
	for _, v := range m.Graph.Inputs() {
		p.SetInputType(v.Name, onnxio.Type{Elem: elem, Shape: v.Type.Shape})
	}
	for _, v := range m.Graph.Outputs() {
		p.SetOutputType(v.Name, onnxio.Type{Elem: elem, Shape: v.Type.Shape})
	}
	if err := p.Apply(); err != nil {
		t.Fatal(err)
	}
	return out
}

// resized gives the open extents behind the batch numbers.
func resized(t *testing.T, m *onnxio.Model, in, out int64) *onnxio.Model {
	t.Helper()
	m = m.Clone()
	p := m.Graph.Edit()
	closed := func(v onnxio.Value, n int64) onnxio.Type {
		s := v.Type.Shape.Clone()
		for k := range s[1:] {
			s[1+k] = onnxio.Known(s[1+k].Or(n))
		}
		return onnxio.Type{Elem: v.Type.Elem, Shape: s}
	}
	for _, v := range m.Graph.Inputs() {
		p.SetInputType(v.Name, closed(v, in))
	}
	for _, v := range m.Graph.Outputs() {
		p.SetOutputType(v.Name, closed(v, out))
	}
	if err := p.Apply(); err != nil {
		t.Fatal(err)
	}
	return m
}
