package op

var asinh = Def{
	Type: "Asinh", Since: []int64{9, 22},
	Zero:  zeroAtZero,
	Shape: sameAsInput, Axes: alike, Cost: free,
	// 1/√(x² + 1)
	Grad:  sloped(func(g *Grad) string { return g.InverseRoot(g.Add(g.Square(g.I(0)), g.Scalar(1))) }),
	Cases: unaryCasesOf(X, 9, 22),
}
