package op

import "github.com/prunefuse/prunefuse/onnxio"

var nonMaxSuppression = Def{
	Type: "NonMaxSuppression", Since: []int64{10, 11},
	Jumps: true,
	Shape: func(c *Infer) error {
		c.Out(0, onnxio.Int64, onnxio.Shape{c.unknown(0, 0), onnxio.Known(3)})
		return nil
	},
	Axes: Opaque("NonMaxSuppression compares boxes"), Grad: NoGrad("its output is integer"), Cost: free,
	Cases: []Case{
		{Name: "boxes", Inputs: []Input{X(1, 6, 4), X(1, 2, 6), integers(1), F32([]float32{0.5}, 1), F32([]float32{0}, 1)}},
		{Name: "opset 10", Opset: 10, Inputs: []Input{X(1, 6, 4), X(1, 2, 6), integers(1)}, Attrs: attrs(onnxio.Int("center_point_box", 1))},
	},
}
