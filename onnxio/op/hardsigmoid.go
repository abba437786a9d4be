package op

import "github.com/prunefuse/prunefuse/onnxio"

var hardSigmoid = Def{
	Type: "HardSigmoid", Since: []int64{1, 6, 22},
	Shape: sameAsInput, Axes: alike, Cost: free,
	// The slope is α where 0 < y < 1.
	Grad: func(g *Grad) error {
		inside := g.Positive(g.Mul(g.O(0), g.Sub(g.Scalar(1), g.O(0))))
		alpha := g.Node.Float("alpha", 0.2)
		g.GI(0, g.Mul(g.GO(0), g.Mul(inside, g.Scalar(alpha))))
		return nil
	},
	Cases: append(unaryCases(), Case{
		Name: "both ends", Inputs: []Input{X(4, 16)},
		Attrs: attrs(onnxio.Float("alpha", 0.55), onnxio.Float("beta", 0.45)),
	}),
}
