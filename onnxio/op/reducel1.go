package op

var reduceL1 = Def{
	Type: "ReduceL1", Since: []int64{1, 11, 13, 18},
	Shape: reduceShape, Axes: reduceAxes, Cost: free,
	Grad:  reduceEachGrad(func(g *Grad, _, dy string) string { return g.Mul(dy, g.Of("Sign", g.I(0))) }),
	Cases: reduceCases("ReduceL1", X),
}
