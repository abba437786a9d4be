package op

var greaterOrEqual = Def{
	Type: "GreaterOrEqual", Since: []int64{12, 16},
	Shape: compare(func(a, b int64) bool { return a >= b }), Axes: elementwise, Grad: NoGrad(truthHasNone), Cost: free,
	Cases: append(compareCases(), Case{Name: "opset 12", Opset: 12, Inputs: []Input{X(2, 3), X(3)}}),
}
