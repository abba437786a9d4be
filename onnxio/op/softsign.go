package op

var softsign = Def{
	Type: "Softsign", Since: []int64{1, 22},
	Zero:  zeroAtZero,
	Shape: sameAsInput, Axes: alike, Cost: free,
	// y = x/(1 + |x|), and the derivative is (1 − |y|)².
	Grad:  sloped(func(g *Grad) string { rest := g.Sub(g.Scalar(1), g.Of("Abs", g.O(0))); return g.Square(rest) }),
	Cases: unaryCasesOf(X, 7, 22),
}
