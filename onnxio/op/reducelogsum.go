package op

var reduceLogSum = Def{
	Type: "ReduceLogSum", Since: []int64{1, 11, 13, 18},
	Shape: reduceShape, Axes: reduceAxes, Cost: free,
	Grad:  reduceGrad(func(g *Grad, dy string) string { return g.Div(dy, g.Of("Exp", g.O(0))) }),
	Cases: reduceCases("ReduceLogSum", XPos),
}
