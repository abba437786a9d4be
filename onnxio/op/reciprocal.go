package op

var reciprocal = Def{
	Type: "Reciprocal", Since: []int64{1, 6, 13},
	Shape: computing(sameAsInput, func(x []float32) float32 { return 1 / x[0] }), Axes: alike, Cost: free,
	Grad: func(g *Grad) error {
		g.GI(0, g.Neg(g.Mul(g.GO(0), g.Mul(g.O(0), g.O(0)))))
		return nil
	},
	Cases: positiveCases(),
}
