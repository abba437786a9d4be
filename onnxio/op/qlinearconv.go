package op

import (
	"fmt"

	"github.com/prunefuse/prunefuse/onnxio"
)

// The inputs are x, its scale and zero point, w, its scale and zero point,
// the output's scale and zero point, and a bias.
var quantisedConv = convForm{x: 0, w: 3, perOut: []int{4, 5, 8}}

var qLinearConv = Def{
	Type: "QLinearConv", Since: []int64{10},
	Shape: func(c *Infer) error {
		if c.Has(8) && len(c.In(8).Shape) != 1 {
			return fmt.Errorf("bias %v: want one axis", c.In(8).Shape)
		}
		return quantisedConv.shape(c, c.In(7).Elem)
	},
	Axes: quantisedConv.axes, Cost: quantisedConv.cost, Grad: NoGrad(integerArithmetic),
	Cases: []Case{
		{Name: "3x3", Inputs: []Input{
			Q(onnxio.Uint8, 2, 3, 5, 6), Scales(0.02), Points(onnxio.Uint8, 120), QW(onnxio.Int8, 4, 3, 3, 3), Scales(0.01), Points(onnxio.Int8, 0),
			Scales(0.1), Points(onnxio.Uint8, 128), QW(onnxio.Int32, 4),
		}, Attrs: pads(1, 1, 1, 1)},
		{Name: "scales by channel", Inputs: []Input{
			Q(onnxio.Uint8, 2, 3, 5, 6), Scales(0.02), Points(onnxio.Uint8, 120), QW(onnxio.Int8, 4, 3, 3, 3), Scales(0.01, 0.02, 0.03, 0.01), Points(onnxio.Int8, 0, 0, 0, 0),
			Scales(0.1), Points(onnxio.Uint8, 128), QW(onnxio.Int32, 4),
		}, Attrs: pads(1, 1, 1, 1, onnxio.Ints("strides", 2, 2))},
		{Name: "no bias", Inputs: []Input{
			Q(onnxio.Uint8, 1, 3, 5, 5), Scales(0.02), Points(onnxio.Uint8, 0), QW(onnxio.Uint8, 4, 3, 2, 2), Scales(0.01), Points(onnxio.Uint8, 110),
			Scales(0.1), Points(onnxio.Uint8, 128),
		}},
		{Name: "depthwise", Inputs: []Input{
			Q(onnxio.Uint8, 1, 4, 5, 5), Scales(0.02), Points(onnxio.Uint8, 120), QW(onnxio.Int8, 4, 1, 3, 3), Scales(0.01, 0.02, 0.03, 0.01), Points(onnxio.Int8, 0, 0, 0, 0),
			Scales(0.1), Points(onnxio.Uint8, 128), QW(onnxio.Int32, 4),
		}, Attrs: attrs(onnxio.Int("group", 4))},
		{Name: "groups", Inputs: []Input{
			Q(onnxio.Uint8, 1, 4, 5, 5), Scales(0.02), Points(onnxio.Uint8, 120), QW(onnxio.Int8, 6, 2, 3, 3), Scales(0.01), Points(onnxio.Int8, 0),
			Scales(0.1), Points(onnxio.Uint8, 128),
		}, Attrs: attrs(onnxio.Int("group", 2), onnxio.Ints("dilations", 2, 1))},
		{Name: "opset 10", Opset: 10, Inputs: []Input{
			Q(onnxio.Uint8, 1, 3, 5, 5), Scales(0.02), Points(onnxio.Uint8, 120), QW(onnxio.Uint8, 4, 3, 2, 2), Scales(0.01), Points(onnxio.Uint8, 0),
			Scales(0.1), Points(onnxio.Uint8, 128),
		}},
	},
}
