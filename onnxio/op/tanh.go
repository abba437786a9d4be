package op

var tanh = Def{
	Type: "Tanh", Since: []int64{1, 6, 13},
	Zero:  zeroAtZero,
	Shape: sameAsInput, Axes: alike, Cost: free,
	Grad: func(g *Grad) error {
		g.GI(0, g.Mul(g.GO(0), g.Sub(g.Scalar(1), g.Mul(g.O(0), g.O(0)))))
		return nil
	},
	Cases: unaryCases(),
}
