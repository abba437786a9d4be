package op

// geluMicrosoft is Gelu as ONNX Runtime writes it into files of any opset.
var geluMicrosoft = Def{
	Type: "Gelu", Domain: Microsoft, Since: []int64{1},
	Shape: sameAsInput, Axes: alike, Cost: free,
	Grad:  sloped(func(g *Grad) string { return g.geluSlope(g.I(0)) }),
	Cases: unaryCasesOf(X, MinOpset),
}
