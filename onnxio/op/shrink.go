package op

import "github.com/prunefuse/prunefuse/onnxio"

var shrink = Def{
	Type: "Shrink", Since: []int64{9},
	Shape: sameAsInput, Axes: alike, Cost: free,
	// What lies within ±lambd becomes zero, the rest moves by the bias.
	Grad: sloped(func(g *Grad) string {
		return g.Positive(g.Sub(g.Of("Abs", g.I(0)), g.Scalar(g.Node.Float("lambd", shrinkLambda))))
	}),
	Cases: append(unaryCasesOf(within(-3, 3), 9),
		Case{Name: "soft", Inputs: []Input{X(2, 9)}, Attrs: attrs(onnxio.Float("lambd", 0.8), onnxio.Float("bias", 0.8))}),
}

const shrinkLambda = 0.5
