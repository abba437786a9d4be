package op

var minimum = Def{
	Type: "Min", Since: []int64{1, 6, 8, 12, 13},
	Shape: arithmetic(chosenDims(func(a, b int64) int64 { return min(a, b) })), Axes: elementwise, Grad: extremeGrad, Cost: free,
	Cases: extremeCases(),
}
