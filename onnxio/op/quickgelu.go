package op

import "github.com/prunefuse/prunefuse/onnxio"

// quickGelu is x·σ(αx).
var quickGelu = Def{
	Type: "QuickGelu", Domain: Microsoft, Since: []int64{1},
	Zero:  zeroAtZero,
	Shape: sameAsInput, Axes: alike, Cost: free,
	Grad:  sloped(func(g *Grad) string { return g.swishSlope(g.Node.Float("alpha", 1.702)) }),
	Cases: append(unaryCasesOf(X, MinOpset), Case{Name: "alpha", Inputs: []Input{X(2, 9)}, Attrs: attrs(onnxio.Float("alpha", 0.5))}),
}
