package op

var reciprocal = Def{
	Type: "Reciprocal", Since: []int64{1, 6, 13},
	Shape: sameAsInput, Axes: alike, Cost: free,
	Grad: func(g *Grad) error {
		g.GI(0, g.Neg(g.Mul(g.GO(0), g.Mul(g.O(0), g.O(0)))))
		return nil
	},
	Cases: positiveCases(),
}
