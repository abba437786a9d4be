package op

var pRelu = Def{
	Type: "PRelu", Since: []int64{1, 6, 7, 9, 16},
	Zero: zeroAtZero,
	Shape: func(c *Infer) error {
		if err := c.onto(1); err != nil {
			return err
		}
		return sameAsInput(c)
	},
	Axes: elementwise, Cost: free,
	Grad: func(g *Grad) error {
		if g.Needs(0) {
			above := g.Op("Greater", []string{g.I(0), g.Scalar(0)})
			g.GI(0, g.Mul(g.GO(0), g.Op("Where", []string{above, g.Scalar(1), g.I(1)})))
		}
		if g.Needs(1) {
			g.GIBroadcast(1, g.Mul(g.GO(0), g.Op("Min", []string{g.I(0), g.Scalar(0)})))
		}
		return nil
	},
	Cases: []Case{
		{Name: "a slope a channel", Inputs: []Input{X(2, 3, 4, 4), W(3, 1, 1)}},
		{Name: "one slope", Inputs: []Input{X(2, 3, 4), W(1)}},
		{Name: "a slope an element", Inputs: []Input{X(2, 3, 4), W(3, 4)}},
		{Name: "same rank", Inputs: []Input{X(2, 3, 4), W(1, 3, 1)}},
		{Name: "features", Inputs: []Input{X(2, 5), W(5)}},
		{Name: "opset 7", Opset: 7, Inputs: []Input{X(2, 3, 4, 4), W(3, 1, 1)}},
		{Name: "opset 9", Opset: 9, Inputs: []Input{X(2, 3, 4, 4), W(1, 1, 1)}},
	},
}
