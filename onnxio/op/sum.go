package op

var sum = Def{
	Type: "Sum", Since: []int64{1, 6, 8, 13},
	Zero:  zeroOfAll,
	Shape: arithmetic(addDims), Axes: elementwise, Cost: free,
	Grad: func(g *Grad) error {
		for i := range g.Node.Inputs() {
			g.GIBroadcast(i, g.GO(0))
		}
		return nil
	},
	Cases: variadicCases(),
}

// variadicCases returns the operands on which operators of any number of them
// are checked.
func variadicCases() []Case {
	return []Case{
		{Name: "one", Inputs: []Input{X(2, 3)}},
		{Name: "two", Inputs: []Input{X(2, 3, 4), W(2, 3, 4)}},
		{Name: "three broadcast", Inputs: []Input{X(2, 3, 4), W(4), W(3, 1)}},
		{Name: "opset 8", Opset: 8, Inputs: []Input{X(2, 3), W(3)}},
	}
}
