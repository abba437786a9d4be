package op

import "github.com/prunefuse/prunefuse/onnxio"

// scatter is the name of ScatterElements before opset 11.
var scatter = Def{
	Type: "Scatter", Since: []int64{9, 11},
	Shape: scatterShape, Axes: scatterAxes, Grad: scatterGrad, Cost: free,
	Upgrade: func(u *Upgrade) error {
		u.Patch.Remove(u.Node)
		u.Into(u.Node.Output(0), "ScatterElements", u.Node.Inputs(), u.Node.Attrs()...)
		return nil
	},
	Cases: []Case{
		{Name: "columns", Opset: 9, Inputs: []Input{X(2, 4), constIndex([]int64{0, 3, 2, 1}, 2, 2), X(2, 2)}, Attrs: attrs(onnxio.Int("axis", 1)), Fixed: true},
		{Name: "rows", Opset: 10, Inputs: []Input{X(4, 2), constIndex([]int64{3, 1}, 1, 2), W(1, 2)}, Fixed: true},
	},
}
