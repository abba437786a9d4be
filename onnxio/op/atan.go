package op

var atan = Def{
	Type: "Atan", Since: []int64{7, 22},
	Zero:  zeroAtZero,
	Shape: sameAsInput, Axes: alike, Cost: free,
	// 1/(1 + x²)
	Grad:  sloped(func(g *Grad) string { return g.Of("Reciprocal", g.Add(g.Scalar(1), g.Square(g.I(0)))) }),
	Cases: unaryCasesOf(X, 7, 22),
}
