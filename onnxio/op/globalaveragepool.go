package op

var globalAveragePool = Def{
	Type: "GlobalAveragePool", Since: []int64{1, 22},
	Zero:  zeroAtZero,
	Shape: globalPoolShape, Axes: poolAxes, Cost: free,
	Grad: func(g *Grad) error {
		dy := g.share(g.GO(0), g.I(0), g.In(0).Shape, g.O(0), g.OutType(0).Shape)
		g.GI(0, g.ExpandLike(dy, g.OutType(0).Shape, g.I(0), g.In(0).Shape))
		return nil
	},
	Cases: globalPoolCases(),
}

func globalPoolCases() []Case {
	return []Case{
		{Name: "image", Inputs: []Input{X(2, 3, 4, 5)}},
		{Name: "one spatial axis", Inputs: []Input{X(2, 3, 4)}},
		{Name: "volume", Inputs: []Input{X(2, 3, 2, 2, 2)}},
		{Name: "opset 7", Opset: 7, Inputs: []Input{X(2, 3, 4, 4)}},
		{Name: "opset 22", Opset: 22, Inputs: []Input{X(2, 3, 4, 4)}},
	}
}
