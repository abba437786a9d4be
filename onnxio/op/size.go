package op

import "github.com/prunefuse/prunefuse/onnxio"

var size = Def{
	Type: "Size", Since: []int64{1, 13, 19, 21, 23},
	Shape: func(c *Infer) error {
		c.Out(0, onnxio.Int64, onnxio.Shape{})
		c.OutDims([]onnxio.Dim{c.In(0).Shape.Size()})
		return nil
	},
	Axes: readsExtents, Grad: NoGrad("its output is integer"), Cost: free,
	Cases: []Case{
		{Name: "image", Inputs: []Input{X(2, 3, 4)}},
		{Name: "scalar", Inputs: []Input{X()}},
		{Name: "opset 7", Opset: 7, Inputs: []Input{X(2, 3)}},
	},
}
