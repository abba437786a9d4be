package op

import "github.com/prunefuse/prunefuse/onnxio"

// The inputs are a, its scale and zero point, b, its scale and zero point,
// and the output's.
var quantisedMatMul = matMulForm{a: 0, b: 3}

var qLinearMatMul = Def{
	Type: "QLinearMatMul", Since: []int64{10, 21},
	Shape: func(c *Infer) error { return quantisedMatMul.shape(c, c.In(7).Elem) },
	Axes: func(a *Axes) error {
		if err := quantisedMatMul.axes(a); err != nil {
			return err
		}
		for _, i := range []int{1, 2, 6, 7} {
			a.perVector(i, 0, -2)
		}
		for _, i := range []int{4, 5} {
			a.perVector(i, 3, -1)
		}
		return nil
	},
	Cost: quantisedMatMul.cost, Grad: NoGrad(integerArithmetic),
	Cases: []Case{
		{Name: "matrices", Inputs: []Input{
			Q(onnxio.Uint8, 3, 4), Scales(0.02), Points(onnxio.Uint8, 120), QW(onnxio.Int8, 4, 5), Scales(0.01), Points(onnxio.Int8, 0),
			Scales(0.1), Points(onnxio.Uint8, 128),
		}},
		{Name: "scales by column", Inputs: []Input{
			Q(onnxio.Uint8, 2, 3, 4), Scales(0.02), Points(onnxio.Uint8, 120), QW(onnxio.Int8, 4, 5), Scales(0.01, 0.02, 0.03, 0.01, 0.02), Points(onnxio.Int8, 0, 0, 0, 0, 0),
			Scales(0.1), Points(onnxio.Uint8, 128),
		}},
		{Name: "batched", Inputs: []Input{
			Q(onnxio.Uint8, 2, 3, 4), Scales(0.02), Points(onnxio.Uint8, 120), Q(onnxio.Uint8, 2, 4, 5), Scales(0.01), Points(onnxio.Uint8, 0),
			Scales(0.1), Points(onnxio.Uint8, 128),
		}},
		{Name: "opset 10", Opset: 10, Inputs: []Input{
			Q(onnxio.Uint8, 3, 4), Scales(0.02), Points(onnxio.Uint8, 120), QW(onnxio.Uint8, 4, 5), Scales(0.01), Points(onnxio.Uint8, 0),
			Scales(0.1), Points(onnxio.Uint8, 128),
		}},
		{Name: "opset 21", Opset: 21, Inputs: []Input{
			Q(onnxio.Int8, 3, 4), Scales(0.02), Points(onnxio.Int8, 20), QW(onnxio.Int8, 4, 5), Scales(0.01), Points(onnxio.Int8, 0),
			Scales(0.1), Points(onnxio.Int8, 1),
		}},
	},
}
