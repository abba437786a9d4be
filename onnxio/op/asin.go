package op

var asin = Def{
	Type: "Asin", Since: []int64{7, 22},
	Zero:  zeroAtZero,
	Shape: sameAsInput, Axes: alike, Cost: free,
	// 1/√(1 − x²)
	Grad:  sloped(func(g *Grad) string { return g.InverseRoot(g.Sub(g.Scalar(1), g.Square(g.I(0)))) }),
	Cases: unaryCasesOf(within(-0.9, 0.9), 7, 22),
}
