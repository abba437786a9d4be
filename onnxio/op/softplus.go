package op

var softplus = Def{
	Type: "Softplus", Since: []int64{1, 22},
	Shape: sameAsInput, Axes: alike, Cost: free,
	Grad: func(g *Grad) error {
		g.GI(0, g.Mul(g.GO(0), g.Op("Sigmoid", []string{g.I(0)})))
		return nil
	},
	Cases: unaryCases(),
}
