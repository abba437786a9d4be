package op

var signum = Def{
	Type: "Sign", Since: []int64{9, 13},
	Zero:  zeroAtZero,
	Shape: sameAsInput, Axes: alike, Grad: flat, Cost: free,
	Cases: append(unaryCasesOf(X, 9, 13), Case{Name: "integers", Inputs: []Input{I64(3, 0, -2)}}),
}
