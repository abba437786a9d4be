package op

var reduceSumSquare = Def{
	Type: "ReduceSumSquare", Since: []int64{1, 11, 13, 18},
	Shape: reduceShape, Axes: reduceAxes, Cost: free,
	Grad:  reduceEachGrad(func(g *Grad, _, dy string) string { return g.Mul(dy, g.Add(g.I(0), g.I(0))) }),
	Cases: reduceCases("ReduceSumSquare", X),
}
