package op

import "github.com/prunefuse/prunefuse/onnxio"

var isInf = Def{
	Type: "IsInf", Since: []int64{10, 20},
	Shape: truthOfInput, Axes: alike, Grad: NoGrad(truthHasNone), Cost: free,
	Cases: append(nonNumberCases(10, 20),
		Case{Name: "positive", Inputs: []Input{nonNumbers()}, Attrs: attrs(onnxio.Int("detect_negative", 0))},
		Case{Name: "negative", Inputs: []Input{nonNumbers()}, Attrs: attrs(onnxio.Int("detect_positive", 0))}),
}
