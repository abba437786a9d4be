package op

var bitwiseOr = Def{
	Type: "BitwiseOr", Since: []int64{18},
	Shape: broadcastShape, Axes: elementwise, Grad: NoGrad(integersHaveNone), Cost: free,
	Cases: bitwiseCases(),
}
