package op

var cosh = Def{
	Type: "Cosh", Since: []int64{9, 22},
	Shape: sameAsInput, Axes: alike, Cost: free,
	Grad:  sloped(func(g *Grad) string { return g.Of("Sinh", g.I(0)) }),
	Cases: unaryCasesOf(X, 9, 22),
}
