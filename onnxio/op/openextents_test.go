package op_test

import (
	"math"
	"slices"
	"testing"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
	"github.com/prunefuse/prunefuse/onnxio/ort"
	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
)

// TestOpenExtentsHaveGradients differentiates nodes whose counts or extents are
// open when the graph is written: a token repeated for every sample, images
// padded to a multiple of a window, rows gathered from a table of open width.
func TestOpenExtentsHaveGradients(t *testing.T) {
	t.Parallel()
	orttest.Need(t)
	n, c, h := onnxio.Symbol("N"), onnxio.Known(3), onnxio.Symbol("H")
	for name, write := range map[string]func(p *onnxio.Patch){
		"Tile": func(p *onnxio.Patch) {
			node(p, "shape", "Shape", []string{"x"}, onnxio.Int("end", 1))
			p.SetInitializer(onnxio.NewTensor("ones", []int64{2}, []int64{1, 1}))
			node(p, "times", "Concat", []string{"shape", "ones"}, onnxio.Int("axis", 0))
			node(p, "y", "Tile", []string{"w", "times"})
		},
		"Pad": func(p *onnxio.Patch) {
			p.SetInitializer(onnxio.NewTensor("zeros", []int64{2}, []int64{0, 0}))
			p.SetInitializer(onnxio.NewTensor("window", []int64{1}, []int64{7}))
			node(p, "h", "Shape", []string{"x"}, onnxio.Int("start", 2), onnxio.Int("end", 3))
			node(p, "over", "Mod", []string{"h", "window"})
			node(p, "missing", "Sub", []string{"window", "over"})
			node(p, "more", "Mod", []string{"missing", "window"})
			p.SetInitializer(onnxio.NewTensor("before", []int64{5}, []int64{0, 0, 0, 0, 0}))
			node(p, "pads", "Concat", []string{"before", "more"}, onnxio.Int("axis", 0))
			node(p, "xw", "Mul", []string{"x", "w"})
			node(p, "y", "Pad", []string{"xw", "pads"})
		},
		"Gather": func(p *onnxio.Patch) {
			p.SetInitializer(onnxio.NewTensor("at", []int64{2, 2}, []int64{0, 2, 1, 0}))
			node(p, "xw", "Mul", []string{"x", "w"})
			node(p, "y", "Gather", []string{"xw", "at"}, onnxio.Int("axis", 1))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := graph(t, func(p *onnxio.Patch) {
				p.SetInputType("x", floats(n, c, h))
				p.SetInitializer(onnxio.NewTensor("w", []int64{1, 3, 1}, []float32{1, 2, 3}))
				write(p)
				p.SetOutputType("y", onnxio.Type{Elem: onnxio.Float32})
			})
			f, err := op.InferGraph(m, op.InferOptions{})
			if err != nil {
				t.Fatal(err)
			}
			got, totals := weightGradient(t, m, f)
			for j, g := range got {
				if want := totals[j]; math.Abs(float64(g-want)) > 1e-4*math.Abs(float64(want)) {
					t.Errorf("the gradient by weight %d is %v, want %v", j, g, want)
				}
			}
		})
	}
}

// weightGradient runs the gradient of the sum of y by the three weights, and that
// sum for each weight alone: y is linear in them, so both are the same.
func weightGradient(t *testing.T, m *onnxio.Model, f *op.Facts) (grad, totals []float32) {
	t.Helper()
	out := onnxio.New("gradient")
	p := out.Graph.Edit()
	p.SetInputType("x", m.Graph.Inputs()[0].Type)
	p.SetInputType("w", onnxio.Type{Elem: onnxio.Float32, Shape: onnxio.ShapeOf(1, 3, 1)})
	for _, c := range m.Graph.Initializers() {
		if c.Name() != "w" {
			p.SetInitializer(c)
		}
	}
	e := op.NewEmit(p, 17, "g.")
	d := op.NewDerivative(e, f, m.Graph)
	if _, err := d.Forward(); err != nil {
		t.Fatal(err)
	}
	one := onnxio.TensorValue("value", onnxio.NewTensor("", []int64{1}, []float32{1}))
	seed := e.Op("ConstantOfShape", []string{e.Of("Shape", "y")}, one)
	grads, err := d.Backward(map[string]string{"y": seed}, []string{"w"})
	if err != nil {
		t.Fatal(err)
	}
	p.SetOutputType(grads["w"], onnxio.Type{Elem: onnxio.Float32})
	p.SetOutputType(e.Op("ReduceSum", []string{"y"}), onnxio.Type{Elem: onnxio.Float32})
	if err := p.Apply(); err != nil {
		t.Fatal(err)
	}
	b, err := out.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	s, err := ort.NewSession(b, ort.SessionOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	x := make([]float32, 2*3*5)
	for i := range x {
		x[i] = float32((i*7)%13) - 4.5
	}
	for j := range 3 {
		w := make([]float32, 3)
		w[j] = 1
		in := []*ort.Tensor{tensor(t, onnxio.NewTensor("x", []int64{2, 3, 5}, x)), tensor(t, onnxio.NewTensor("w", []int64{1, 3, 1}, w))}
		result := make([]*ort.Tensor, 2)
		if err := s.Run(t.Context(), in, result); err != nil {
			t.Fatal(err)
		}
		grad = slices.Clone(ort.Data[float32](result[0]))
		totals = append(totals, ort.Data[float32](result[1])[0])
		for _, r := range result {
			r.Close()
		}
	}
	return grad, totals
}
