package op

import "github.com/prunefuse/prunefuse/onnxio"

var skipSimplifiedLayerNormalization = Def{
	Type: "SkipSimplifiedLayerNormalization", Domain: Microsoft, Since: []int64{1},
	Shape: skipNormShape, Axes: skipNormAxes, Cost: free,
	Grad: func(g *Grad) error { return skipNormGrad(g, false, 3) },
	// ONNX Runtime's processor kernel leaves the statistics out.
	Cases: []Case{
		{Name: "sequence", Inputs: []Input{X(2, 3, 8), X(2, 3, 8), W(8)}},
		{Name: "bias", Inputs: []Input{X(2, 3, 8), X(2, 3, 8), W(8), W(8)}, Attrs: attrs(onnxio.Float("epsilon", 1e-2))},
		{Name: "skip is smaller", Inputs: []Input{X(2, 3, 8), X(3, 8), W(8)}},
		{Name: "tokens", Inputs: []Input{X(5, 8), X(5, 8), W(8)}},
		{Name: "sum", Inputs: []Input{X(2, 3, 8), X(2, 3, 8), W(8), W(8)}, Out: 4, Without: []int{1, 2}},
	},
}
