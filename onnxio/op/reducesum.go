package op

var reduceSum = Def{
	Type: "ReduceSum", Since: []int64{1, 11, 13},
	Zero:  zeroAtZero,
	Shape: folding(addDims), Axes: reduceAxes, Cost: free,
	Grad:    reduceGrad(func(_ *Grad, dy string) string { return dy }),
	Upgrade: func(u *Upgrade) error { return u.axesToInput() },
	Cases:   append(reduceCases("ReduceSum", X), reduceValueCases()...),
}
