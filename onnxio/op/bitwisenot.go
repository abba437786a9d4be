package op

import "github.com/prunefuse/prunefuse/onnxio"

var bitwiseNot = Def{
	Type: "BitwiseNot", Since: []int64{18},
	Shape: sameAsInput, Axes: alike, Grad: NoGrad(integersHaveNone), Cost: free,
	Cases: []Case{
		{Name: "int64", Opset: 18, Inputs: []Input{I64(5, 0, -3)}},
		{Name: "uint8", Opset: 18, Inputs: []Input{{Elem: onnxio.Uint8, Shape: []int64{2, 2}, Ints: []int64{5, 0, 255, 128}}}},
	},
}

// integersHaveNone is why operators on whole numbers have no gradient.
const integersHaveNone = "it works on whole numbers"
