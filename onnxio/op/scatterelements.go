package op

import (
	"fmt"

	"github.com/prunefuse/prunefuse/onnxio"
)

var scatterElements = Def{
	Type: "ScatterElements", Since: []int64{11, 13, 16, 18},
	Shape: scatterShape, Axes: scatterAxes, Grad: scatterGrad, Cost: free,
	Cases: []Case{
		{Name: "columns", Inputs: []Input{X(2, 4), constIndex([]int64{0, 3, -2, 1}, 2, 2), X(2, 2)}, Attrs: attrs(onnxio.Int("axis", 1)), Fixed: true},
		{Name: "rows", Inputs: []Input{X(4, 3), constIndex([]int64{0, 3, 1, 2, 1, 3}, 2, 3), W(2, 3)}, Fixed: true},
		{Name: "fewer channels", Inputs: []Input{X(2, 5, 3), constIndex([]int64{2, 0, 1, 0, 0, 2}, 1, 3, 2), X(1, 3, 2)}, Attrs: attrs(onnxio.Int("axis", -1)), Fixed: true},
		{Name: "added", Inputs: []Input{X(2, 4), constIndex([]int64{0, 0, 2, 1}, 2, 2), X(2, 2)}, Attrs: attrs(onnxio.Int("axis", 1), onnxio.Str("reduction", "add")), Fixed: true},
		{Name: "greatest", Opset: 18, Inputs: []Input{X(2, 4), constIndex([]int64{0, 0, 2, 1}, 2, 2), X(2, 2)}, Attrs: attrs(onnxio.Int("axis", 1), onnxio.Str("reduction", "max")), Fixed: true},
		{Name: "least, rows", Opset: 18, Inputs: []Input{X(4, 3), constIndex([]int64{0, 3, 1, 0, 1, -1}, 2, 3), X(2, 3)}, Attrs: attrs(onnxio.Str("reduction", "min")), Fixed: true},
		{Name: "multiplied", Inputs: []Input{X(2, 4), constIndex([]int64{0, 0, 2, -1}, 2, 2), X(2, 2)}, Attrs: attrs(onnxio.Int("axis", 1), onnxio.Str("reduction", "mul")), Fixed: true},
		{Name: "opset 11", Opset: 11, Inputs: []Input{X(2, 3), constIndex([]int64{1, 0}, 1, 2), X(1, 2)}, Attrs: attrs(onnxio.Int("axis", 1)), Fixed: true},
	},
}

// scatterShape is that of operators that write updates into a copy of input
// 0.
func scatterShape(c *Infer) error {
	if len(c.In(1).Shape) != len(c.In(0).Shape) || len(c.In(2).Shape) != len(c.In(1).Shape) {
		return fmt.Errorf("indices of shape %v and updates of shape %v for data of shape %v", c.In(1).Shape, c.In(2).Shape, c.In(0).Shape)
	}
	return sameAsInput(c)
}

func scatterAxes(a *Axes) error {
	k, err := a.Axis(0)
	if err != nil {
		return err
	}
	a.beside(k, 1, In(2, 0))
	a.written(In(1, k))
	for j := range a.In(0).Shape {
		a.Same(In(0, j), Out(0, j))
	}
	return nil
}

// written pins an axis of the updates: what is not written leaves what was
// there before, where a zero only adds nothing.
func (a *Axes) written(r Ref) {
	if a.Node.Str("reduction", "none") != "add" {
		a.Pin(r, "what is written along it would be missing")
	}
}
