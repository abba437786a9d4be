package op

import "github.com/prunefuse/prunefuse/onnxio"

// A Gemm that an activation follows.
var fusedGemm = Def{
	Type: "FusedGemm", Domain: Microsoft, Since: []int64{1},
	Shape: func(c *Infer) error { return plainGemm.shape(c, c.In(0).Elem) },
	Axes:  plainGemm.axes, Cost: plainGemm.cost,
	Grad: func(g *Grad) error {
		dy, err := g.throughActivation(g.Node.Str("activation", ""), func(i int, def float32) float32 {
			return g.Node.Float([]string{"activation_alpha", "activation_beta"}[i], def)
		})
		if err != nil {
			return err
		}
		return gemmGrad(g, dy)
	},
	Cases: []Case{
		{Name: "relu", Inputs: []Input{X(3, 4), W(5, 4), W(5)}, Attrs: attrs(onnxio.Int("transB", 1), onnxio.Str("activation", "Relu"))},
		{Name: "leaky relu", Inputs: []Input{X(4, 3), W(4, 5), W(5)}, Attrs: attrs(onnxio.Int("transA", 1), onnxio.Str("activation", "LeakyRelu"), onnxio.Float("activation_alpha", 0.3))},
		{Name: "sigmoid", Inputs: []Input{X(3, 4), W(4, 5), W(3, 1)}, Attrs: attrs(onnxio.Float("alpha", 0.5), onnxio.Str("activation", "Sigmoid"))},
		{Name: "tanh", Inputs: []Input{X(3, 4), W(4, 5), W(1)}, Attrs: attrs(onnxio.Float("beta", 0.5), onnxio.Str("activation", "Tanh"))},
		{Name: "hard sigmoid", Inputs: []Input{X(3, 4), W(4, 5), W(5)}, Attrs: attrs(onnxio.Str("activation", "HardSigmoid"), onnxio.Float("activation_alpha", 0.1), onnxio.Float("activation_beta", 0.4))},
	},
}
