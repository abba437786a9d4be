package op

import "github.com/prunefuse/prunefuse/onnxio"

// The inputs are A, its scale and zero point, B, its scale and zero point,
// the sum C, and the output's scale and zero point, without which the output
// is of floats.
var quantisedGemm = gemmForm{a: 0, b: 3, c: 6, perColumn: []int{4, 5}}

var qGemm = Def{
	Type: "QGemm", Domain: Microsoft, Since: []int64{1},
	Shape: func(c *Infer) error {
		elem := onnxio.Float32
		if c.Has(8) {
			elem = c.In(8).Elem
		}
		return quantisedGemm.shape(c, elem)
	},
	Axes: quantisedGemm.axes, Cost: quantisedGemm.cost, Grad: NoGrad(integerArithmetic),
	Cases: []Case{
		{Name: "linear layer", Inputs: []Input{
			Q(onnxio.Uint8, 3, 4), Scales(0.02), Points(onnxio.Uint8, 100), QW(onnxio.Int8, 5, 4), Scales(0.01), Points(onnxio.Int8, 0),
			QW(onnxio.Int32, 5), Scales(0.1), Points(onnxio.Uint8, 120),
		}, Attrs: attrs(onnxio.Int("transB", 1))},
		{Name: "scales by column", Inputs: []Input{
			Q(onnxio.Uint8, 3, 4), Scales(0.02), Points(onnxio.Uint8, 100), QW(onnxio.Int8, 4, 5), Scales(0.01, 0.02, 0.03, 0.01, 0.02), Points(onnxio.Int8, 0, 0, 0, 0, 0),
			QW(onnxio.Int32, 5), Scales(0.1), Points(onnxio.Uint8, 120),
		}},
		{Name: "float output", Inputs: []Input{
			Q(onnxio.Uint8, 4, 3), Scales(0.02), Points(onnxio.Uint8, 100), QW(onnxio.Int8, 4, 5), Scales(0.01), Points(onnxio.Int8, 0), QW(onnxio.Int32, 5),
		}, Attrs: attrs(onnxio.Int("transA", 1), onnxio.Float("alpha", 2))},
		{Name: "no sum", Inputs: []Input{
			Q(onnxio.Uint8, 3, 4), Scales(0.02), Points(onnxio.Uint8, 0), QW(onnxio.Uint8, 4, 5), Scales(0.01), Points(onnxio.Uint8, 90),
			None(), Scales(0.1), Points(onnxio.Uint8, 120),
		}},
	},
}
