package op

var reduceMin = Def{
	Type: "ReduceMin", Since: []int64{1, 11, 12, 13, 18, 20},
	Shape: folding(chosenDims(func(a, b int64) int64 { return min(a, b) })), Axes: reduceAxes, Grad: reduceExtremeGrad, Cost: free,
	Cases: reduceExtremeCases("ReduceMin"),
}
