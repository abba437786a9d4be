package optest

import (
	"math"
	"testing"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
	"github.com/prunefuse/prunefuse/onnxio/ort"
)

// linear checks what the definition says of sums: that the output is linear
// in both operands, what the bias adds to it, and which inputs can stand in
// for a number added to another.
func linear(t *testing.T, d *op.Def, c *op.Case, m *onnxio.Model) {
	w := with{t: t, d: d, c: c, s: open(t, fed(t, m))}
	if d.Linear != nil {
		plain := w.output(nil)
		for operand := range 2 {
			none, thrice := w.output(scaled(operand, 0)), w.output(scaled(operand, 3))
			for i := range plain {
				near(t, "three times an operand", thrice[i]-none[i], 3*(plain[i]-none[i]))
			}
		}
		if b := d.Linear.Bias; b > 0 && b < len(c.Inputs) && !c.Inputs[b].Absent {
			for i, v := range w.output(added(b, 0.5)) {
				near(t, "an offset of the bias", v-plain[i], 0.5*d.Linear.Scale(m.Graph.Nodes()[0]))
			}
		}
	}
	for _, o := range d.Offsets {
		if !c.Inputs[o.X].Elem.Float() {
			continue
		}
		want := w.output(added(o.X, 0.5))
		for i, v := range w.output(added(o.By, 0.5*o.Scale)) {
			near(t, "an offset by another input", v, want[i])
		}
	}
}

// fed is the model with its float constants as inputs.
func fed(t *testing.T, m *onnxio.Model) *onnxio.Model {
	m = m.Clone()
	p := m.Graph.Edit()
	for _, x := range m.Graph.Initializers() {
		if x.Elem().Float() {
			p.RemoveInitializer(x.Name())
			p.SetInputType(x.Name(), x.Type())
		}
	}
	if err := p.Apply(); err != nil {
		t.Fatal(err)
	}
	return m
}

// with runs a case with some of its inputs changed.
type with struct {
	t *testing.T
	d *op.Def
	c *op.Case
	s *ort.Session
}

// output is output 0 for the inputs that change makes of the case's, by
// number; nil leaves them as they are.
func (w with) output(change func(input int, x float32) float32) []float64 {
	w.t.Helper()
	in := feeds(w.t, w.d, w.c)
	for i := range w.c.Inputs {
		x := in[w.c.Tensor(w.d, i).Name()]
		if w.c.Inputs[i].Absent || change == nil || x.Elem() != onnxio.Float32 {
			continue
		}
		v := ort.Data[float32](x)
		for k := range v {
			v[k] = change(i, v[k])
		}
	}
	var out []float64
	for _, v := range ort.Data[float32](runSession(w.t, w.s, in)[0]) {
		out = append(out, float64(v))
	}
	return out
}

func scaled(input int, factor float32) func(int, float32) float32 {
	return func(i int, x float32) float32 {
		if i == input {
			return factor * x
		}
		return x
	}
}

func added(input int, d float64) func(int, float32) float32 {
	return func(i int, x float32) float32 {
		if i == input {
			return x + float32(d)
		}
		return x
	}
}

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 1e-4*(1+math.Abs(want)) {
		t.Errorf("%s gives %v, want %v", what, got, want)
	}
}
