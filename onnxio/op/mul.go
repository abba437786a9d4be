package op

var mul = Def{
	Type: "Mul", Since: []int64{1, 6, 7, 13, 14},
	Zero:  [][]int{{0}, {1}},
	Shape: computing(arithmetic(mulDims), func(x []float32) float32 { return x[0] * x[1] }), Axes: elementwise, Cost: free,
	Grad: func(g *Grad) error {
		if g.Needs(0) {
			g.GIBroadcast(0, g.Mul(g.GO(0), g.I(1)))
		}
		if g.Needs(1) {
			g.GIBroadcast(1, g.Mul(g.GO(0), g.I(0)))
		}
		return nil
	},
	Cases: append(broadcastCases(), integerCases()...),
}
