package op

import "github.com/prunefuse/prunefuse/onnxio"

var hardSwish = Def{
	Type: "HardSwish", Since: []int64{14, 22},
	Zero:  zeroAtZero,
	Shape: sameAsInput, Axes: alike, Cost: free,
	// y = x·h with h = clip(x/6 + ½, 0, 1); the derivative is h + x·h', and
	// h' = 1/6 where 0 < h < 1.
	Grad: func(g *Grad) error {
		h := g.Op("HardSigmoid", []string{g.I(0)}, onnxio.Float("alpha", 1./6), onnxio.Float("beta", 0.5))
		inside := g.Positive(g.Mul(h, g.Sub(g.Scalar(1), h)))
		slope := g.Add(h, g.Mul(g.Mul(g.I(0), g.Scalar(1./6)), inside))
		g.GI(0, g.Mul(g.GO(0), slope))
		return nil
	},
	Cases: []Case{
		{Name: "image", Inputs: []Input{X(2, 3, 4, 4)}},
		{Name: "both ends", Inputs: []Input{XOf([]float32{-5, -3.5, -2.5, -1, 0.5, 2, 2.9, 3.1, 4}, 3, 3)}},
	},
}
