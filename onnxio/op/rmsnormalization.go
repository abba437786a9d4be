package op

import "github.com/prunefuse/prunefuse/onnxio"

var rmsNormalization = Def{
	Type: "RMSNormalization", Since: []int64{23},
	Zero:  [][]int{{1}},
	Shape: layerNormShape, Axes: layerNormAxes, Cost: free,
	Grad: func(g *Grad) error { return layerNormGrad(g, false, 1) },
	Cases: []Case{
		{Name: "last axis", Opset: 23, Inputs: []Input{X(2, 3, 8), W(8)}},
		{Name: "from axis 1", Opset: 23, Inputs: []Input{X(2, 3, 4), W(3, 4)}, Attrs: attrs(onnxio.Int("axis", 1), onnxio.Float("epsilon", 1e-2))},
		{Name: "from the end", Opset: 23, Inputs: []Input{X(2, 3, 2, 4), W(2, 4)}, Attrs: attrs(onnxio.Int("axis", -2))},
	},
}
