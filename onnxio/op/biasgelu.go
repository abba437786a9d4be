package op

// biasGelu is Gelu of x + bias.
var biasGelu = Def{
	Type: "BiasGelu", Domain: Microsoft, Since: []int64{1},
	Zero:  zeroOfAll,
	Shape: biasedShape, Axes: elementwise, Cost: free,
	Grad: func(g *Grad) error {
		biasedGrad(g, g.geluSlope(g.Add(g.I(0), g.I(1))))
		return nil
	},
	Cases: []Case{
		{Name: "sequence", Inputs: []Input{X(2, 3, 4), W(4)}},
		{Name: "features", Inputs: []Input{X(3, 5), W(5)}},
	},
}

// biasedShape is for operators that add a vector, input 1, along the last
// axis.
func biasedShape(c *Infer) error {
	if err := c.Rank(0, 1); err != nil {
		return err
	}
	if err := c.vector(1, c.In(0).Shape[len(c.In(0).Shape)-1]); err != nil {
		return err
	}
	return sameAsInput(c)
}

// biasedGrad passes on the gradient of a function of x + bias, whose
// derivative is slope.
func biasedGrad(g *Grad, slope string) {
	d := g.Mul(g.GO(0), slope)
	g.GI(0, d)
	g.GIBroadcast(1, d)
}
