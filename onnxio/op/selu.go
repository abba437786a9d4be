package op

import "github.com/prunefuse/prunefuse/onnxio"

const (
	seluAlpha = 1.67326319217681884765625
	seluGamma = 1.05070102214813232421875
)

var selu = Def{
	Type: "Selu", Since: []int64{1, 6, 22},
	Zero:  zeroAtZero,
	Shape: sameAsInput, Axes: alike, Cost: free,
	// Above zero y = γx; below, y = γα(eˣ − 1), whose derivative is y + γα.
	Grad: sloped(func(g *Grad) string {
		alpha, gamma := g.Node.Float("alpha", seluAlpha), g.Node.Float("gamma", seluGamma)
		above := g.Op("Greater", []string{g.I(0), g.Scalar(0)})
		return g.Op("Where", []string{above, g.Scalar(gamma), g.Add(g.O(0), g.Scalar(alpha*gamma))})
	}),
	Cases: append(unaryCasesOf(X, 7, 22), Case{Name: "alpha and gamma", Inputs: []Input{X(2, 9)}, Attrs: attrs(onnxio.Float("alpha", 0.3), onnxio.Float("gamma", 2))}),
}
