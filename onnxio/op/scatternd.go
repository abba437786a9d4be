package op

import (
	"fmt"

	"github.com/prunefuse/prunefuse/onnxio"
)

var scatterND = Def{
	Type: "ScatterND", Since: []int64{11, 13, 16, 18},
	Shape: func(c *Infer) error {
		_, depth, err := tuples(c)
		if err != nil {
			return err
		}
		if want := len(c.In(1).Shape) - 1 + len(c.In(0).Shape) - depth; depth >= 0 && len(c.In(2).Shape) != want {
			return fmt.Errorf("updates of shape %v, want %d axes", c.In(2).Shape, want)
		}
		return sameAsInput(c)
	},
	Axes: func(a *Axes) error {
		_, depth, err := tuples(a.Infer)
		if err != nil {
			return err
		}
		if depth < 0 {
			a.PinAll("how many axes it indexes is not known")
			return nil
		}
		a.tupled(0, depth, In(2, 0))
		for j := range len(a.In(1).Shape) - 1 {
			a.written(In(1, j))
		}
		for j := range a.In(0).Shape {
			a.Same(In(0, j), Out(0, j))
		}
		return nil
	},
	Grad: func(g *Grad) error { return scattering{write: "ScatterND", read: "GatherND"}.grad(g) },
	Cost: free,
	Cases: []Case{
		{Name: "elements", Inputs: []Input{X(3, 4), constIndex([]int64{0, 0, 2, 3, -1, 1}, 3, 2), X(3)}, Fixed: true},
		{Name: "rows", Inputs: []Input{X(3, 4, 2), constIndex([]int64{0, 2}, 2, 1), X(2, 4, 2)}, Fixed: true},
		{Name: "added", Inputs: []Input{X(3, 4), constIndex([]int64{1, 2, 1}, 3, 1), X(3, 4)}, Attrs: attrs(onnxio.Str("reduction", "add")), Fixed: true},
		{Name: "least", Opset: 18, Inputs: []Input{X(3, 4), constIndex([]int64{1, 2}, 2, 1), X(2, 4)}, Attrs: attrs(onnxio.Str("reduction", "min")), Fixed: true},
		{Name: "greatest of several", Opset: 18, Inputs: []Input{X(3, 4), constIndex([]int64{1, 2, 1}, 3, 1), X(3, 4)}, Attrs: attrs(onnxio.Str("reduction", "max")), Fixed: true},
		{Name: "multiplied, with zeros", Inputs: []Input{XOf([]float32{0, 2, -1, 3, 0, 0}, 3, 2), constIndex([]int64{0, 0, 1, 1, 2, 0}, 3, 2), XOf([]float32{2, 0, 3}, 3)}, Attrs: attrs(onnxio.Str("reduction", "mul")), Fixed: true},
		{Name: "multiplied twice", Inputs: []Input{XOf([]float32{0, 2, -1, 3, 0.5, 0}, 3, 2), constIndex([]int64{0, 2, 0}, 3, 1), XOf([]float32{2, 0, 3, 0.7, -2, 0}, 3, 2)}, Attrs: attrs(onnxio.Str("reduction", "mul")), Fixed: true},
		{Name: "opset 11", Opset: 11, Inputs: []Input{X(3, 2), constIndex([]int64{1}, 1, 1), X(1, 2)}, Fixed: true},
	},
}
