package op

import "math"

var erf = Def{
	Type: "Erf", Since: []int64{9, 13},
	Zero:  zeroAtZero,
	Shape: sameAsInput, Axes: alike, Cost: free,
	Grad: func(g *Grad) error {
		bell := g.Op("Exp", []string{g.Neg(g.Mul(g.I(0), g.I(0)))})
		g.GI(0, g.Mul(g.GO(0), g.Mul(bell, g.Scalar(float32(2/math.Sqrt(math.Pi))))))
		return nil
	},
	Cases: []Case{
		{Name: "image", Inputs: []Input{X(2, 3, 4, 4)}},
		{Name: "opset 9", Opset: 9, Inputs: []Input{X(5)}},
	},
}
