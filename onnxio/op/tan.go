package op

var tan = Def{
	Type: "Tan", Since: []int64{7, 22},
	Zero:  zeroAtZero,
	Shape: sameAsInput, Axes: alike, Cost: free,
	// 1 + y²
	Grad:  sloped(func(g *Grad) string { return g.Add(g.Scalar(1), g.Square(g.O(0))) }),
	Cases: unaryCasesOf(within(-1.3, 1.3), 7, 22),
}
