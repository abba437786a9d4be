package op

import "github.com/prunefuse/prunefuse/onnxio"

var qLinearSigmoid = quantisedUnary("QLinearSigmoid")

// quantisedUnary returns an elementwise operator of a quantised input, its
// scale and zero point, and the output's.
func quantisedUnary(name string, with ...onnxio.Attr) Def {
	return Def{
		Type: name, Domain: Microsoft, Since: []int64{1},
		Shape: sameAsInput, Axes: alike, Cost: free, Grad: NoGrad(integerArithmetic),
		Cases: []Case{
			{Name: "image", Inputs: []Input{Q(onnxio.Uint8, 2, 3, 4, 4), Scales(0.02), Points(onnxio.Uint8, 100), Scales(0.01), Points(onnxio.Uint8, 20)}, Attrs: with},
			{Name: "signed", Inputs: []Input{Q(onnxio.Int8, 2, 5), Scales(0.02), Points(onnxio.Int8, 3), Scales(0.01), Points(onnxio.Int8, 20)}, Attrs: with},
		},
	}
}
