package op

import "github.com/prunefuse/prunefuse/onnxio"

var globalMaxPool = Def{
	Type: "GlobalMaxPool", Since: []int64{1, 22},
	Zero:  zeroAtZero,
	Shape: globalPoolShape, Axes: poolAxes, Cost: free,
	// The gradient goes to the first of the greatest positions.
	Grad: func(g *Grad) error {
		flat := g.Reshape(g.I(0), 0, 0, -1)
		at := g.Op("ArgMax", []string{flat}, onnxio.Int("axis", 2))
		dx := g.Op("ScatterElements", []string{g.Zeros(flat), at, g.Reshape(g.GO(0), 0, 0, 1)}, onnxio.Int("axis", 2))
		g.GI(0, g.ReshapeLike(dx, g.I(0), g.In(0).Shape))
		return nil
	},
	Cases: globalPoolCases(),
}
