package op

import "github.com/prunefuse/prunefuse/onnxio"

// swish is x·σ(αx).
var swish = Def{
	Type: "Swish", Since: []int64{24},
	Zero:  zeroAtZero,
	Shape: sameAsInput, Axes: alike, Cost: free,
	Grad:  sloped(func(g *Grad) string { return g.swishSlope(g.Node.Float("alpha", 1)) }),
	Cases: append(unaryCasesOf(X, 24), Case{Name: "alpha", Opset: 24, Inputs: []Input{X(2, 9)}, Attrs: attrs(onnxio.Float("alpha", 0.5))}),
}

// swishSlope is s + αx·s·(1 − s) with s = σ(αx).
func (g *Grad) swishSlope(alpha float32) string {
	x := g.Mul(g.I(0), g.Scalar(alpha))
	s := g.Of("Sigmoid", x)
	return g.Mul(s, g.Add(g.Mul(x, g.Sub(g.Scalar(1), s)), g.Scalar(1)))
}
