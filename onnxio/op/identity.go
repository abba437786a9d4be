package op

var identity = Def{
	Type: "Identity", Since: []int64{1, 13, 14, 16, 19, 21, 23},
	Zero:  zeroAtZero,
	Shape: carrying(sameAsInput), Axes: alike, Cost: free,
	Grad: func(g *Grad) error {
		g.GI(0, g.GO(0))
		return nil
	},
	Cases: append(unaryCases(), Case{Name: "integers", Inputs: []Input{I64(2, -1, 5)}}),
}
