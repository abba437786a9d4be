package op

// fastGelu is Gelu of x + bias, if there is one, by the hyperbolic tangent.
var fastGelu = Def{
	Type: "FastGelu", Domain: Microsoft, Since: []int64{1},
	Zero:  zeroOfAll,
	Shape: biasedShape, Axes: elementwise, Cost: free,
	Grad: func(g *Grad) error {
		x := g.I(0)
		if g.Has(1) {
			x = g.Add(x, g.I(1))
		}
		biasedGrad(g, g.fastGeluSlope(x))
		return nil
	},
	Cases: []Case{
		{Name: "without bias", Inputs: []Input{X(2, 3, 4)}},
		{Name: "sequence", Inputs: []Input{X(2, 3, 4), W(4)}},
		{Name: "features", Inputs: []Input{X(3, 5), W(5)}},
	},
}
