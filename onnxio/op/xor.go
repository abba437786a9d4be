package op

var exclusive = Def{
	Type: "Xor", Since: []int64{1, 7},
	Shape: logic(func(a, b bool) bool { return a != b }), Axes: elementwise, Grad: NoGrad(truthHasNone), Cost: free,
	Cases: logicCases(),
}
