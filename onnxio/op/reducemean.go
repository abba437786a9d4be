package op

var reduceMean = Def{
	Type: "ReduceMean", Since: []int64{1, 11, 13, 18},
	Zero:  zeroAtZero,
	Shape: reduceShape, Axes: reduceAxes, Cost: free,
	Grad: reduceGrad(func(g *Grad, dy string) string {
		return g.share(dy, g.I(0), g.In(0).Shape, g.O(0), g.OutType(0).Shape)
	}),
	Cases: reduceCases("ReduceMean", X),
}
