package op

var bitwiseAnd = Def{
	Type: "BitwiseAnd", Since: []int64{18},
	Shape: broadcastShape, Axes: elementwise, Grad: NoGrad(integersHaveNone), Cost: free,
	Cases: bitwiseCases(),
}
