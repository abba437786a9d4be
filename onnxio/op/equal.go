package op

var equal = Def{
	Type: "Equal", Since: []int64{1, 7, 11, 13, 19},
	Shape: compare(func(a, b int64) bool { return a == b }), Axes: elementwise, Grad: NoGrad(truthHasNone), Cost: free,
	Cases: compareCases(),
}
