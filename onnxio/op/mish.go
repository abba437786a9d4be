package op

var mish = Def{
	Type: "Mish", Since: []int64{18, 22},
	Zero:  zeroAtZero,
	Shape: sameAsInput, Axes: alike, Cost: free,
	// y = x·t with t = tanh(softplus(x)); the derivative is t + x·(1 − t²)·σ(x).
	Grad: sloped(func(g *Grad) string {
		t := g.Op("Tanh", []string{g.Of("Softplus", g.I(0))})
		inner := g.Mul(g.Sub(g.Scalar(1), g.Square(t)), g.Of("Sigmoid", g.I(0)))
		return g.Add(t, g.Mul(g.I(0), inner))
	}),
	Cases: unaryCasesOf(X, 18, 22),
}
