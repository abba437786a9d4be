package op

import "math"

var sqrt = Def{
	Type: "Sqrt", Since: []int64{1, 6, 13},
	Zero:  zeroAtZero,
	Shape: computing(sameAsInput, func(x []float32) float32 { return float32(math.Sqrt(float64(x[0]))) }), Axes: alike, Cost: free,
	Grad: func(g *Grad) error {
		g.GI(0, g.Div(g.Mul(g.GO(0), g.Scalar(0.5)), g.O(0)))
		return nil
	},
	Cases: positiveCases(),
}
