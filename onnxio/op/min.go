package op

import "slices"

var minimum = Def{
	Type: "Min", Since: []int64{1, 6, 8, 12, 13},
	Shape: computing(arithmetic(chosenDims(func(a, b int64) int64 { return min(a, b) })), slices.Min[[]float32]), Axes: elementwise, Grad: extremeGrad, Cost: free,
	Cases: extremeCases(),
}
