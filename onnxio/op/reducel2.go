package op

var reduceL2 = Def{
	Type: "ReduceL2", Since: []int64{1, 11, 13, 18},
	Shape: reduceShape, Axes: reduceAxes, Cost: free,
	// x/‖x‖, and 0 where every element is 0.
	Grad:  reduceEachGrad(func(g *Grad, y, dy string) string { return g.Mul(g.I(0), g.Div(dy, g.aboveZero(y))) }),
	Cases: reduceCases("ReduceL2", X),
}
