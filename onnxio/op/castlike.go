package op

// castLike takes the element type alone of input 1.
var castLike = Def{
	Type: "CastLike", Since: []int64{15, 19, 21, 23},
	Zero:  zeroAtZero,
	Shape: func(c *Infer) error { return castShape(c, c.In(1).Elem) },
	Axes: func(a *Axes) error {
		for k := range a.In(1).Shape {
			a.Free(In(1, k))
		}
		return alike(a)
	},
	Grad: castGrad, Cost: free,
	Cases: []Case{
		{Name: "to float", Inputs: []Input{X(2, 3), X(4, 3)}},
		{Name: "to int", Inputs: []Input{X(2, 3), I64(1, 2)}},
		{Name: "of a shape", Inputs: []Input{I64(2, 3, 64), F32([]float32{0})}},
		{Name: "to bool", Inputs: []Input{I64(2, 0, 1), Bools([]int64{1}, 1)}},
		{Name: "opset 15", Opset: 15, Inputs: []Input{X(2, 3), X(1)}},
		{Name: "opset 19", Opset: 19, Inputs: []Input{X(2, 3), X(1)}},
		{Name: "opset 23", Opset: 23, Inputs: []Input{X(2, 3), X(1)}},
		{Name: "opset 21", Opset: 21, Inputs: []Input{X(2, 3), X(1)}},
	},
}
