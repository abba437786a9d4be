package op

import "github.com/prunefuse/prunefuse/onnxio"

var globalLpPool = Def{
	Type: "GlobalLpPool", Since: []int64{1, 2, 22},
	Shape: globalPoolShape, Axes: poolAxes, Cost: free,
	Grad: func(g *Grad) error {
		g.GI(0, g.Mul(g.normSlope(), g.normShare()))
		return nil
	},
	Cases: []Case{
		{Name: "image", Inputs: []Input{X(2, 3, 4, 5)}},
		{Name: "one spatial axis", Inputs: []Input{X(2, 3, 4)}},
		{Name: "volume", Inputs: []Input{X(2, 3, 2, 2, 2)}},
		{Name: "p=1", Inputs: []Input{X(2, 3, 4, 5)}, Attrs: attrs(onnxio.Int("p", 1))},
		{Name: "p=3", Inputs: []Input{X(2, 3, 4, 5)}, Attrs: attrs(onnxio.Int("p", 3))},
		{Name: "opset 7", Opset: 7, Inputs: []Input{X(2, 3, 4, 4)}},
	},
}
