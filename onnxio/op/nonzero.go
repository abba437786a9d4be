package op

import "github.com/prunefuse/prunefuse/onnxio"

var nonZero = Def{
	Type: "NonZero", Since: []int64{9, 13},
	Jumps: true,
	Shape: func(c *Infer) error {
		c.Out(0, onnxio.Int64, onnxio.Shape{onnxio.Known(int64(max(len(c.In(0).Shape), 1))), c.unknown(0, 1)})
		return nil
	},
	Axes: Opaque("NonZero lists positions"), Grad: NoGrad("its output is integer"), Cost: free,
	Cases: []Case{
		{Name: "list", Inputs: []Input{integers(7)}},
		{Name: "table", Inputs: []Input{integers(3, 4)}},
		{Name: "opset 9", Opset: 9, Inputs: []Input{integers(2, 3)}},
	},
}
