package op

import "github.com/prunefuse/prunefuse/onnxio"

var celu = Def{
	Type: "Celu", Since: []int64{12},
	Zero:  zeroAtZero,
	Shape: sameAsInput, Axes: alike, Cost: free,
	// Below zero y = α(e^(x/α) − 1), whose derivative is y/α + 1.
	Grad: sloped(func(g *Grad) string {
		below := g.Op("Min", []string{g.O(0), g.Scalar(0)})
		return g.Add(g.Mul(below, g.Scalar(1/g.Node.Float("alpha", 1))), g.Scalar(1))
	}),
	Cases: append(unaryCasesOf(X, 12), Case{Name: "alpha", Inputs: []Input{X(2, 9)}, Attrs: attrs(onnxio.Float("alpha", 0.3))}),
}
