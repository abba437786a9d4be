package op_test

import (
	"slices"
	"testing"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
)

// TestBatchFirst holds the axis rule of the layout with the batch first, which
// ONNX Runtime does not run, against that of the other.
func TestBatchFirst(t *testing.T) {
	t.Parallel()
	const steps, batch, features, h = 4, 3, 5, 2
	for layout, x := range []onnxio.Shape{onnxio.ShapeOf(steps, batch, features), onnxio.ShapeOf(batch, steps, features)} {
		m := graph(t, func(p *onnxio.Patch) {
			p.SetInputType("x", floats(x...))
			for name, dims := range map[string][]int64{"w": {1, 4 * h, features}, "r": {1, 4 * h, h}} {
				p.SetInitializer(onnxio.NewTensor(name, dims, make([]float32, onnxio.ShapeOf(dims...).Size().Or(0))))
			}
			p.Add(onnxio.NodeSpec{
				Op: "LSTM", Inputs: []string{"x", "w", "r"}, Outputs: []string{"y", "h", "c"},
				Attrs: []onnxio.Attr{onnxio.Int("hidden_size", h), onnxio.Int("layout", int64(layout))},
			})
		})
		f, err := op.InferGraph(m, op.InferOptions{})
		if err != nil {
			t.Fatal(err)
		}
		a, err := op.NewAxes(f, m.Graph, m.Graph.Nodes()[0])
		if err != nil {
			t.Fatal(err)
		}
		tied := map[op.Ref][]op.Ref{}
		for _, l := range a.Links {
			if l.AI == nil {
				tied[l.A] = append(tied[l.A], l.B)
			}
		}
		batchAxis := [][]op.Ref{{op.Out(0, 2), op.Out(1, 1), op.Out(2, 1)}, {op.Out(0, 0), op.Out(1, 0), op.Out(2, 0)}}[layout]
		hidden := []op.Ref{op.Out(0, 3), op.Out(1, 2), op.Out(2, 2)}
		if !slices.Equal(tied[op.In(0, 1-layout)], batchAxis) || !slices.Equal(tied[op.In(2, 2)], hidden) {
			t.Errorf("layout %d: tied %v", layout, tied)
		}
	}
}
