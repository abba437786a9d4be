package op

var sin = Def{
	Type: "Sin", Since: []int64{7, 22},
	Zero:  zeroAtZero,
	Shape: sameAsInput, Axes: alike, Cost: free,
	Grad:  sloped(func(g *Grad) string { return g.Of("Cos", g.I(0)) }),
	Cases: unaryCasesOf(X, 7, 22),
}
