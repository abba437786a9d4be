package op

import "math"

var floor = Def{
	Type: "Floor", Since: []int64{1, 6, 13},
	Zero:  zeroAtZero,
	Shape: computing(carrying(sameAsInput), func(x []float32) float32 { return float32(math.Floor(float64(x[0]))) }), Axes: alike, Grad: flat, Cost: free,
	Cases: []Case{
		{Name: "image", Inputs: []Input{X(2, 3, 4, 4)}},
		{Name: "opset 7", Opset: 7, Inputs: []Input{XOf([]float32{-1.5, -0.2, 0.7, 2.9}, 4)}},
	},
}
