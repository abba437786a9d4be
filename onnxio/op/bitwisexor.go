package op

var bitwiseXor = Def{
	Type: "BitwiseXor", Since: []int64{18},
	Shape: broadcastShape, Axes: elementwise, Grad: NoGrad(integersHaveNone), Cost: free,
	Cases: bitwiseCases(),
}
