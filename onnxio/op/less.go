package op

var less = Def{
	Type: "Less", Since: []int64{1, 7, 9, 13},
	Shape: compare(func(a, b int64) bool { return a < b }), Axes: elementwise, Grad: NoGrad(truthHasNone), Cost: free,
	Cases: compareCases(),
}
