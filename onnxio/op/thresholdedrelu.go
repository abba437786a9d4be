package op

import "github.com/prunefuse/prunefuse/onnxio"

var thresholdedRelu = Def{
	Type: "ThresholdedRelu", Since: []int64{10, 22},
	Zero:  zeroAtZero,
	Shape: sameAsInput, Axes: alike, Cost: free,
	Grad: sloped(func(g *Grad) string {
		return g.Positive(g.Sub(g.I(0), g.Scalar(g.Node.Float("alpha", 1))))
	}),
	Cases: append(unaryCasesOf(within(-3, 3), 10, 22), Case{Name: "alpha", Inputs: []Input{X(2, 9)}, Attrs: attrs(onnxio.Float("alpha", -0.7))}),
}
