package op

import (
	"fmt"

	"github.com/prunefuse/prunefuse/onnxio"
)

var roiAlign = Def{
	Type: "RoiAlign", Since: []int64{10, 16, 22},
	Shape: func(c *Infer) error {
		return roiShape(c, onnxio.Known(c.Node.Int("output_height", 1)), onnxio.Known(c.Node.Int("output_width", 1)))
	},
	Axes: roiAxes, Cost: free, Decompose: roiAlignDecomposition, Grad: throughDecomposition,
	// Until opset 15 coordinates were not moved by half a pixel.
	Upgrade: func(u *Upgrade) error {
		if u.From < 16 {
			u.Patch.SetAttr(u.Node, onnxio.Str("coordinate_transformation_mode", "output_half_pixel"))
		}
		return nil
	},
	Cases: []Case{
		{Name: "average", Inputs: roiInputs(), NoGrad: []int{1}, Attrs: attrs(onnxio.Int("output_height", 2), onnxio.Int("output_width", 3), onnxio.Int("sampling_ratio", 2))},
		{Name: "partly outside", Inputs: []Input{X(2, 3, 6, 6), F32([]float32{-3, -2, 4, 9}, 1, 4), I64(1)}, Attrs: attrs(onnxio.Int("output_height", 3), onnxio.Int("output_width", 2), onnxio.Int("sampling_ratio", 2))},
		{Name: "opset 10, points stated", Opset: 10, Inputs: roiInputs(), NoGrad: []int{1}, Attrs: attrs(onnxio.Int("output_height", 2), onnxio.Int("output_width", 2), onnxio.Int("sampling_ratio", 3))},
		{Name: "maximum", Inputs: roiInputs(), Attrs: attrs(onnxio.Int("output_height", 2), onnxio.Int("output_width", 2), onnxio.Int("sampling_ratio", 1), onnxio.Str("mode", "max"))},
		{Name: "scaled", Inputs: roiInputs(), Attrs: attrs(onnxio.Float("spatial_scale", 0.5))},
		{Name: "opset 10", Opset: 10, Inputs: roiInputs(), Attrs: attrs(onnxio.Int("output_height", 2), onnxio.Int("output_width", 2))},
		{Name: "opset 16, as before", Opset: 16, Inputs: roiInputs(), Attrs: attrs(onnxio.Int("output_height", 2), onnxio.Str("coordinate_transformation_mode", "output_half_pixel"))},
	},
}

func roiInputs() []Input {
	return []Input{X(2, 3, 6, 6), F32([]float32{0, 0, 4, 4, 1, 1, 5, 3, 2, 0, 5, 5}, 3, 4), I64(0, 1, 0)}
}

// roiShape is one map of the height and width for each region, input 1.
func roiShape(c *Infer, height, width onnxio.Dim) error {
	x, rois := c.In(0).Shape, c.In(1).Shape
	if len(x) != 4 || len(rois) != 2 {
		return fmt.Errorf("input %v and regions %v: want [N,C,H,W] and two axes", x, rois)
	}
	c.Out(0, c.In(0).Elem, onnxio.Shape{rois[0], x[1], height, width})
	return nil
}

// roiAxes carries channels. Regions may go with the maps they make; images,
// which they name by number, may not.
func roiAxes(a *Axes) error {
	a.Same(In(0, 1), Out(0, 1))
	a.Same(In(1, 0), In(2, 0), Out(0, 0))
	a.Pin(In(0, 0), "its regions name images by number")
	a.Pin(In(1, 1), "it holds the corners of a region")
	for k := 2; k < 4; k++ {
		a.Pin(In(0, k), "regions lie along this axis")
		a.Pin(Out(0, k), "regions lie along this axis")
	}
	return nil
}
