package op

var logSoftmax = Def{
	Type: "LogSoftmax", Since: []int64{1, 11, 13},
	Shape: softmaxShape, Axes: softmaxAxes, Cost: free, Upgrade: softmaxUpgrade,
	// dx = dy − eʸ·Σ dy
	Grad: func(g *Grad) error {
		k, err := g.Axis(-1)
		if err != nil {
			return err
		}
		p := g.Op("Exp", []string{g.O(0)})
		g.GI(0, g.Sub(g.GO(0), g.Mul(p, g.Sum(g.GO(0), true, int64(k)))))
		return nil
	},
	Cases: softmaxCases(),
}
