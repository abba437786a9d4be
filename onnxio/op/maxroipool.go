package op

import (
	"fmt"

	"github.com/prunefuse/prunefuse/onnxio"
)

var maxRoiPool = Def{
	Type: "MaxRoiPool", Since: []int64{1, 22},
	Shape: func(c *Infer) error {
		to := c.Node.Ints("pooled_shape")
		if len(to) != 2 {
			return fmt.Errorf("pooled_shape %v: want 2 values", to)
		}
		return roiShape(c, onnxio.Known(to[0]), onnxio.Known(to[1]))
	},
	Axes: roiAxes, Cost: free, Grad: NoGrad("where the maxima stand in its regions is not kept"),
	Cases: []Case{
		{Name: "2x3", Inputs: maxRoiInputs(), Attrs: attrs(onnxio.Ints("pooled_shape", 2, 3))},
		{Name: "scaled", Inputs: maxRoiInputs(), Attrs: attrs(onnxio.Ints("pooled_shape", 1, 1), onnxio.Float("spatial_scale", 0.5))},
		{Name: "opset 7", Opset: 7, Inputs: maxRoiInputs(), Attrs: attrs(onnxio.Ints("pooled_shape", 2, 2))},
	},
}

func maxRoiInputs() []Input {
	return []Input{X(2, 3, 6, 6), F32([]float32{0, 0, 0, 4, 4, 1, 1, 1, 5, 3}, 2, 5)}
}
