package op

import "github.com/prunefuse/prunefuse/onnxio"

var leakyRelu = Def{
	Type: "LeakyRelu", Since: []int64{1, 6, 16},
	Zero:  zeroAtZero,
	Shape: sameAsInput, Axes: alike, Cost: free,
	Grad: func(g *Grad) error {
		alpha := g.Node.Float("alpha", 0.01)
		slope := g.Add(g.Mul(g.Positive(g.I(0)), g.Scalar(1-alpha)), g.Scalar(alpha))
		g.GI(0, g.Mul(g.GO(0), slope))
		return nil
	},
	Cases: append(unaryCases(), Case{Name: "alpha", Inputs: []Input{X(2, 9)}, Attrs: attrs(onnxio.Float("alpha", 0.3))}),
}
