package op

import "github.com/prunefuse/prunefuse/onnxio"

var neg = Def{
	Type: "Neg", Since: []int64{1, 6, 13}, Axes: alike, Cost: free,
	Zero: zeroAtZero,
	Shape: func(c *Infer) error {
		c.Out(0, c.In(0).Elem, c.In(0).Shape)
		if v, ok := c.Dims(0); ok {
			if v, ok = zip(v, []onnxio.Dim{onnxio.Known(-1)}, mulDims); ok {
				c.OutDims(v)
			}
		}
		return nil
	},
	Grad: func(g *Grad) error {
		g.GI(0, g.Neg(g.GO(0)))
		return nil
	},
	Cases: append(unaryCases(), Case{Name: "integers", Inputs: []Input{I64(2, -1, 5)}}),
}
