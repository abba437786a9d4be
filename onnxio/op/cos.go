package op

var cos = Def{
	Type: "Cos", Since: []int64{7, 22},
	Shape: sameAsInput, Axes: alike, Cost: free,
	Grad:  sloped(func(g *Grad) string { return g.Neg(g.Of("Sin", g.I(0))) }),
	Cases: unaryCasesOf(X, 7, 22),
}
