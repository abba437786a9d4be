package op

var reduceLogSumExp = Def{
	Type: "ReduceLogSumExp", Since: []int64{1, 11, 13, 18},
	Shape: reduceShape, Axes: reduceAxes, Cost: free,
	Grad:  reduceEachGrad(func(g *Grad, y, dy string) string { return g.Mul(dy, g.Of("Exp", g.Sub(g.I(0), y))) }),
	Cases: reduceCases("ReduceLogSumExp", X),
}
