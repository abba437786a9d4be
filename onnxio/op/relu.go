package op

var relu = Def{
	Type: "Relu", Since: []int64{1, 6, 13, 14},
	Zero:  zeroAtZero,
	Shape: sameAsInput, Axes: alike, Cost: free,
	Grad: func(g *Grad) error {
		if g.native(g.In(0)) {
			g.GI(0, g.Native("ReluGrad", []string{g.GO(0), g.O(0)}))
			return nil
		}
		g.GI(0, g.Mul(g.Positive(g.O(0)), g.GO(0)))
		return nil
	},
	Cases: []Case{{Name: "image", Inputs: []Input{X(2, 3, 4, 4)}}, {Name: "vector", Inputs: []Input{X(1)}}},
}
