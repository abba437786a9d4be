package op

var sinh = Def{
	Type: "Sinh", Since: []int64{9, 22},
	Zero:  zeroAtZero,
	Shape: sameAsInput, Axes: alike, Cost: free,
	Grad:  sloped(func(g *Grad) string { return g.Of("Cosh", g.I(0)) }),
	Cases: unaryCasesOf(X, 9, 22),
}
