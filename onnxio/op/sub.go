package op

var sub = Def{
	Type: "Sub", Since: []int64{1, 6, 7, 13, 14},
	Zero:  zeroOfAll,
	Shape: computing(arithmetic(subDims), func(x []float32) float32 { return x[0] - x[1] }), Axes: elementwise, Cost: free,
	Offsets: []Offset{{X: 0, By: 1, Scale: -1}, {X: 1, By: 0, Scale: -1}},
	Grad: func(g *Grad) error {
		g.GIBroadcast(0, g.GO(0))
		if g.Needs(1) {
			g.GI(1, g.Neg(g.Unbroadcast(g.GO(0), g.OutType(0).Shape, g.I(1), g.In(1).Shape)))
		}
		return nil
	},
	Cases: append(broadcastCases(), integerCases()...),
}
