package op

var abs = Def{
	Type: "Abs", Since: []int64{1, 6, 13},
	Zero:  zeroAtZero,
	Shape: sameAsInput, Axes: alike, Cost: free,
	Grad: func(g *Grad) error {
		g.GI(0, g.Mul(g.GO(0), g.Op("Sign", []string{g.I(0)})))
		return nil
	},
	Cases: unaryCases(),
}
