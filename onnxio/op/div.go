package op

import "github.com/prunefuse/prunefuse/onnxio"

var div = Def{
	Type: "Div", Since: []int64{1, 6, 7, 13, 14}, Axes: elementwise, Cost: free,
	Zero: zeroAtZero,
	Shape: computing(func(c *Infer) error {
		if err := broadcastShape(c); err != nil {
			return err
		}
		f := divDims
		if c.In(0).Elem.Float() {
			f = func(a, b onnxio.Dim) (onnxio.Dim, bool) { return a.Div(b) } // whole numbers alone are carried
		}
		c.elements(0, f)
		return nil
	}, func(x []float32) float32 { return x[0] / x[1] }),
	Grad: func(g *Grad) error {
		if g.Needs(0) {
			g.GIBroadcast(0, g.Div(g.GO(0), g.I(1)))
		}
		if g.Needs(1) {
			g.GIBroadcast(1, g.Neg(g.Div(g.Mul(g.GO(0), g.O(0)), g.I(1))))
		}
		return nil
	},
	Cases: append(broadcastCases(), integerCases()...),
}
