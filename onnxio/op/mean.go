package op

var mean = Def{
	Type: "Mean", Since: []int64{1, 6, 8, 13},
	Shape: broadcastShape, Axes: elementwise, Cost: free,
	Grad: func(g *Grad) error {
		dy := g.GO(0)
		if n := len(g.Node.Inputs()); n > 1 {
			dy = g.Div(dy, g.Scalar(float32(n)))
		}
		for i := range g.Node.Inputs() {
			g.GIBroadcast(i, dy)
		}
		return nil
	},
	Cases: variadicCases(),
}
