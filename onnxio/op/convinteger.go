package op

import "github.com/prunefuse/prunefuse/onnxio"

var integerConv = convForm{x: 0, w: 1, perOut: []int{3}}

var convInteger = Def{
	Type: "ConvInteger", Since: []int64{10},
	Shape: func(c *Infer) error { return integerConv.shape(c, onnxio.Int32) },
	Axes:  integerConv.axes, Cost: integerConv.cost, Grad: NoGrad(integerArithmetic),
	Cases: []Case{
		{Name: "3x3", Inputs: []Input{Q(onnxio.Uint8, 2, 3, 5, 6), QW(onnxio.Uint8, 4, 3, 3, 3)}, Attrs: pads(1, 1, 1, 1)},
		{Name: "input's zero point", Inputs: []Input{Q(onnxio.Uint8, 2, 3, 5, 6), QW(onnxio.Uint8, 4, 3, 3, 3), Points(onnxio.Uint8, 120)}, Attrs: pads(1, 1, 1, 1)},
		{Name: "weight's zero point", Inputs: []Input{Q(onnxio.Uint8, 2, 3, 5, 6), QW(onnxio.Uint8, 4, 3, 3, 3), None(), Points(onnxio.Uint8, 120)}},
		{Name: "groups", Inputs: []Input{Q(onnxio.Uint8, 1, 4, 5, 5), QW(onnxio.Uint8, 6, 2, 3, 3)}, Attrs: attrs(onnxio.Int("group", 2), onnxio.Ints("strides", 2, 2))},
		{Name: "opset 10", Opset: 10, Inputs: []Input{Q(onnxio.Uint8, 1, 3, 5, 5), QW(onnxio.Uint8, 4, 3, 3, 3)}},
	},
}
