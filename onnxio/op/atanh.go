package op

var atanh = Def{
	Type: "Atanh", Since: []int64{9, 22},
	Shape: sameAsInput, Axes: alike, Cost: free,
	// 1/(1 − x²)
	Grad:  sloped(func(g *Grad) string { return g.Of("Reciprocal", g.Sub(g.Scalar(1), g.Square(g.I(0)))) }),
	Cases: unaryCasesOf(within(-0.9, 0.9), 9, 22),
}
