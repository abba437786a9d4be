package op

// round goes to the nearest whole number, from halfway to the even one.
var round = Def{
	Type: "Round", Since: []int64{11, 22},
	Zero:  zeroAtZero,
	Shape: carrying(sameAsInput), Axes: alike, Grad: flat, Cost: free,
	Cases: unaryCasesOf(within(-2.2, 2.3), 11, 22),
}
