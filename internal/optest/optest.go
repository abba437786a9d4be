package optest

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
	"github.com/prunefuse/prunefuse/onnxio/ort"
	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
)

// Check runs the suite over every case of the definitions.
func Check(t *testing.T, defs []op.Def) {
	for i := range defs {
		d := &defs[i]
		t.Run(d.Type, func(t *testing.T) {
			t.Parallel()
			for j := range d.Cases {
				c := &d.Cases[j]
				t.Run(c.Name, func(t *testing.T) { check(t, d, c) })
			}
		})
	}
}

func check(t *testing.T, d *op.Def, c *op.Case) {
	m, err := c.Model(d)
	if err != nil {
		t.Fatal(err)
	}
	t.Run("round trip", func(t *testing.T) { roundTrip(t, m) })
	t.Run("shape", func(t *testing.T) { shape(t, d, c, m) })
	if c.Version() < op.TrainOpset {
		t.Run("upgrade", func(t *testing.T) { upgrade(t, d, c, m) })
	}
	if d.Decompose != nil {
		t.Run("decomposition", func(t *testing.T) { decomposition(t, d, c, m) })
	}
	t.Run("gradient", func(t *testing.T) { gradient(t, d, c, m, false) })
	if usesKernels(c, m) {
		t.Run("gradient with kernels", func(t *testing.T) { gradient(t, d, c, m, true) })
	}
	t.Run("axes", func(t *testing.T) { axes(t, d, c, m) })
	if d.Zero != nil {
		t.Run("zero", func(t *testing.T) { zero(t, d, c, m) })
	}
	if d.Linear != nil || d.Offsets != nil {
		t.Run("linear", func(t *testing.T) { linear(t, d, c, m) })
	}
	if d.Linear != nil && d.Linear.Product != nil {
		t.Run("product", func(t *testing.T) { product(t, d, c, m) })
	}
}

func roundTrip(t *testing.T, m *onnxio.Model) {
	b, err := m.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	back, err := onnxio.Parse(b, "")
	if err != nil {
		t.Fatal(err)
	}
	if a, b := text(t, m), text(t, back); a != b {
		t.Errorf("text before:\n%s\nafter:\n%s", a, b)
	}
}

func text(t *testing.T, m *onnxio.Model) string {
	var b bytes.Buffer
	if err := m.WriteText(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// upgrade compares a case of an older opset with its lifted form.
func upgrade(t *testing.T, d *op.Def, c *op.Case, m *onnxio.Model) {
	lifted, err := op.Lift(m)
	if err != nil {
		t.Fatal(err)
	}
	if v := lifted.Opset(""); v < op.TrainOpset {
		t.Fatalf("lifted to opset %d", v)
	}
	want := run(t, m, feeds(t, d, c))
	got := run(t, lifted, feeds(t, d, c))
	for i := range want {
		if !slices.Equal(got[i].Shape(), want[i].Shape()) || !bytes.Equal(got[i].Bytes(), want[i].Bytes()) {
			t.Errorf("output %d is %v after lifting, %v before", i, got[i], want[i])
		}
	}
}

// decompositionTolerance is how far, beside the greatest element, the
// decomposition of an operator may be from it by rounding.
const decompositionTolerance = 2e-6

// decomposition compares a case with the graph of other operators that its
// gradient is taken through.
func decomposition(t *testing.T, d *op.Def, c *op.Case, m *onnxio.Model) {
	lifted, err := op.Lift(m)
	if err != nil {
		t.Fatal(err)
	}
	apart, err := op.Decompose(lifted, op.InferOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if apart == lifted {
		t.Skip("it has no decomposition")
	}
	want := run(t, m, feeds(t, d, c))
	got := run(t, apart, feeds(t, d, c))
	for i, w := range want {
		if !slices.Equal(got[i].Shape(), w.Shape()) || got[i].Elem() != w.Elem() {
			t.Fatalf("output %d is %v decomposed, %v by the operator itself", i, got[i], w)
		}
		if w.Elem() != onnxio.Float32 {
			if !bytes.Equal(got[i].Bytes(), w.Bytes()) {
				t.Errorf("output %d is %v decomposed, %v by the operator itself", i, got[i], w)
			}
			continue
		}
		size, worst := 0.0, 0.0
		for k, v := range ort.Data[float32](w) {
			size = max(size, math.Abs(float64(v)))
			worst = max(worst, math.Abs(float64(v)-float64(ort.Data[float32](got[i])[k])))
		}
		if !(worst <= decompositionTolerance*size) {
			t.Errorf("output %d decomposed is off by %.3g of up to %.3g", i, worst, size)
		}
	}
}

// feeds are the tensors of a case's graph inputs, by name.
func feeds(t *testing.T, d *op.Def, c *op.Case) map[string]*ort.Tensor {
	orttest.Need(t)
	f := map[string]*ort.Tensor{}
	for i, in := range c.Inputs {
		if !in.Absent {
			x := c.Tensor(d, i)
			f[x.Name()] = fromConstant(t, x)
		}
	}
	return f
}

func fromConstant(t *testing.T, x *onnxio.Tensor) *ort.Tensor {
	raw, err := x.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	y, err := ort.FromBytes(x.Elem(), x.Dims(), raw)
	if err != nil {
		t.Fatal(err)
	}
	return y
}

// open makes a session of a model. One without inputs, which the runtime's
// wrapper refuses, is given one that nothing reads.
func open(t *testing.T, m *onnxio.Model) *ort.Session {
	orttest.Need(t)
	if len(m.Graph.Inputs()) == 0 {
		m = m.Clone()
		p := m.Graph.Edit()
		p.SetInputType(unread, onnxio.Type{Elem: onnxio.Float32, Shape: onnxio.ShapeOf(1)})
		if err := p.Apply(); err != nil {
			t.Fatal(err)
		}
	}
	b, err := m.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	s, err := ort.NewSession(b, ort.SessionOptions{Threads: 1})
	if err != nil {
		t.Fatalf("%v\n%s", err, text(t, m))
	}
	t.Cleanup(func() { s.Close() })
	return s
}

const unread = "unread"

// runSession runs a session on named tensors.
func runSession(t *testing.T, s *ort.Session, feeds map[string]*ort.Tensor) []*ort.Tensor {
	t.Helper()
	in := make([]*ort.Tensor, len(s.Inputs()))
	for i, v := range s.Inputs() {
		in[i] = feeds[v.Name]
		if v.Name == unread {
			in[i], _ = ort.Zeros(onnxio.Float32, 1)
		}
		if in[i] == nil {
			t.Fatalf("nothing to feed for input %q", v.Name)
		}
	}
	out := make([]*ort.Tensor, len(s.Outputs()))
	if err := s.Run(context.Background(), in, out); err != nil {
		t.Fatal(err)
	}
	return out
}

func run(t *testing.T, m *onnxio.Model, feeds map[string]*ort.Tensor) []*ort.Tensor {
	t.Helper()
	return runSession(t, open(t, m), feeds)
}

// ints are the elements of an integer or bool tensor.
func ints(x *ort.Tensor) ([]int64, error) {
	c := onnxio.RawTensor("", x.Elem(), x.Shape(), x.Bytes())
	if x.Elem().Float() {
		f, err := c.Floats()
		v := make([]int64, len(f))
		for i := range f {
			if v[i] = int64(f[i]); float32(v[i]) != f[i] {
				return nil, fmt.Errorf("%v is no whole number", f[i])
			}
		}
		return v, err
	}
	return c.Ints()
}
