package op

var sqrt = Def{
	Type: "Sqrt", Since: []int64{1, 6, 13},
	Shape: sameAsInput, Axes: alike, Cost: free,
	Grad: func(g *Grad) error {
		g.GI(0, g.Div(g.Mul(g.GO(0), g.Scalar(0.5)), g.O(0)))
		return nil
	},
	Cases: positiveCases(),
}
