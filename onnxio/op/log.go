package op

var logarithm = Def{
	Type: "Log", Since: []int64{1, 6, 13},
	Shape: sameAsInput, Axes: alike, Cost: free,
	Grad: func(g *Grad) error {
		g.GI(0, g.Div(g.GO(0), g.I(0)))
		return nil
	},
	Cases: positiveCases(),
}
