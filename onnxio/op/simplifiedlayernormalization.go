package op

import "github.com/prunefuse/prunefuse/onnxio"

// simplifiedLayerNormalization is RMSNormalization as ONNX Runtime writes it
// into files of any opset.
var simplifiedLayerNormalization = Def{
	Type: "SimplifiedLayerNormalization", Since: []int64{1},
	Zero:  [][]int{{1}},
	Shape: layerNormShape, Axes: layerNormAxes, Cost: free,
	Grad: func(g *Grad) error { return layerNormGrad(g, false, 1) },
	Cases: []Case{
		{Name: "last axis", Inputs: []Input{X(2, 3, 8), W(8)}},
		{Name: "from axis 1", Inputs: []Input{X(2, 3, 4), W(3, 4)}, Attrs: attrs(onnxio.Int("axis", 1), onnxio.Float("epsilon", 1e-2))},
		{Name: "statistics", Inputs: []Input{X(2, 3, 4), W(4)}, Out: 2},
		{Name: "opset 7", Opset: 7, Inputs: []Input{X(2, 8), W(8)}},
	},
}
