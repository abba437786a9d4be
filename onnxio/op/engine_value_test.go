package op_test

import (
	"math"
	"testing"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
)

// TestTurnedPads infers what PyTorch exports a padding to: pads listed from
// the last axis on, in pairs, are turned round in a table.
func TestTurnedPads(t *testing.T) {
	t.Parallel()
	m := graph(t, func(p *onnxio.Patch) {
		p.SetInputType("x", floats(onnxio.Symbol("N"), onnxio.Known(3), onnxio.Known(5), onnxio.Known(6)))
		list := func(name string, v ...int64) string {
			p.SetInitializer(onnxio.NewTensor(name, []int64{int64(len(v))}, v))
			return name
		}
		node(p, "zeros", "ConstantOfShape", []string{list("four", 4)}, onnxio.TensorValue("value", onnxio.NewTensor("", []int64{1}, []int64{0})))
		node(p, "all", "Concat", []string{list("pads", 1, 2, 3, 4), "zeros"}, onnxio.Int("axis", 0))
		node(p, "pairs", "Reshape", []string{"all", list("two", -1, 2)})
		node(p, "turned", "Slice", []string{"pairs", list("last", -1), list("first", math.MinInt64), list("rows", 0), list("back", -1)})
		node(p, "sides", "Transpose", []string{"turned"}, onnxio.Ints("perm", 1, 0))
		node(p, "flat", "Reshape", []string{"sides", list("one", -1)})
		node(p, "y", "Pad", []string{"x", "flat"})
		p.SetOutputType("y", onnxio.Type{Elem: onnxio.Float32})
	})
	f, err := op.InferGraph(m, op.InferOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if got := f.Types["y"].String(); got != "float32[N,3,12,9]" {
		t.Errorf("y is %s from pads %v, want float32[N,3,12,9]", got, f.Values["flat"])
	}
	folded, err := op.Fold(m)
	if err != nil {
		t.Fatal(err)
	}
	if nodes := folded.Graph.Nodes(); len(nodes) != 2 || nodes[0].Op() != "Constant" {
		t.Errorf("after folding:\n%s\nwant the pads as a constant", text(t, folded))
	}
}
