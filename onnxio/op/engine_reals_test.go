package op_test

import (
	"testing"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
)

// A detector's resizing: the factor is 800 over the lesser side, unless that
// makes the greater one longer than 1333, in single precision.
func TestSizesByFactors(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ h, w, wantH, wantW int64 }{
		{320, 320, 800, 800}, {480, 640, 800, 1066}, {300, 900, 444, 1333}, {427, 640, 800, 1199},
	} {
		m := graph(t, func(p *onnxio.Patch) {
			p.SetInputType("x", floats(onnxio.Known(1), onnxio.Known(3), onnxio.Known(test.h), onnxio.Known(test.w)))
			number := func(name string, v float32) { p.SetInitializer(onnxio.Scalar(name, v)) }
			number("least", 800)
			number("most", 1333)
			p.SetInitializer(onnxio.NewTensor("from", []int64{1}, []int64{2}))
			p.SetInitializer(onnxio.NewTensor("to", []int64{1}, []int64{4}))
			p.SetInitializer(onnxio.NewTensor("front", []int64{2}, []int64{1, 3}))
			node(p, "shape", "Shape", []string{"x"})
			node(p, "sides", "Slice", []string{"shape", "from", "to"})
			for name, kind := range map[string]string{"lesser": "ReduceMin", "greater": "ReduceMax"} {
				node(p, name, kind, []string{"sides"}, onnxio.Int("keepdims", 0))
				node(p, name+".f", "Cast", []string{name}, onnxio.Int("to", int64(onnxio.Float32)))
				node(p, name+".r", "Reciprocal", []string{name + ".f"})
			}
			node(p, "up", "Mul", []string{"lesser.r", "least"})
			node(p, "down", "Div", []string{"most", "greater.f"})
			node(p, "factor", "Min", []string{"up", "down"})
			node(p, "sides.f", "Cast", []string{"sides"}, onnxio.Int("to", int64(onnxio.Float32)))
			node(p, "scaled", "Mul", []string{"sides.f", "factor"})
			node(p, "floored", "Floor", []string{"scaled"})
			node(p, "new", "Cast", []string{"floored"}, onnxio.Int("to", int64(onnxio.Int64)))
			node(p, "sizes", "Concat", []string{"front", "new"}, onnxio.Int("axis", 0))
			node(p, "y", "Resize", []string{"x", "", "", "sizes"})
			p.SetOutputType("y", floats(onnxio.Known(1), onnxio.Known(3), onnxio.Symbol("H"), onnxio.Symbol("W")))
		})
		f, err := op.InferGraph(m, op.InferOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if got := f.Types["y"].Shape; !got[2].Is(test.wantH) || !got[3].Is(test.wantW) {
			t.Errorf("%d by %d becomes %v, want %d by %d", test.h, test.w, got, test.wantH, test.wantW)
		}
	}
}
