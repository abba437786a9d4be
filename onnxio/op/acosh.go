package op

var acosh = Def{
	Type: "Acosh", Since: []int64{9, 22},
	Shape: sameAsInput, Axes: alike, Cost: free,
	// 1/√(x² − 1)
	Grad:  sloped(func(g *Grad) string { return g.InverseRoot(g.Sub(g.Square(g.I(0)), g.Scalar(1))) }),
	Cases: unaryCasesOf(within(1.2, 4), 9, 22),
}
