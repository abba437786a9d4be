package op

import "github.com/prunefuse/prunefuse/onnxio"

var spaceToDepth = Def{
	Type: "SpaceToDepth", Since: []int64{1, 13},
	Zero: zeroAtZero,
	Shape: func(c *Infer) error {
		b, err := blockSize(c)
		if err != nil {
			return err
		}
		s := c.In(0).Shape
		height, err := share(s[2], b, "rows")
		if err != nil {
			return err
		}
		width, err := share(s[3], b, "columns")
		if err != nil {
			return err
		}
		c.Out(0, c.In(0).Elem, onnxio.Shape{s[0], s[1].Mul(onnxio.Known(b * b)), height, width})
		return nil
	},
	Axes: func(a *Axes) error {
		a.Same(In(0, 0), Out(0, 0))
		a.fromDepth(Out(0, 1), In(0, 1), false)
		return nil
	},
	Grad: func(g *Grad) error {
		g.GI(0, g.Op("DepthToSpace", []string{g.GO(0)}, onnxio.Int("blocksize", g.Node.Int("blocksize", 0))))
		return nil
	},
	Cost: free,
	Cases: []Case{
		{Name: "blocks of two", Inputs: []Input{X(2, 3, 4, 6)}, Attrs: attrs(onnxio.Int("blocksize", 2))},
		{Name: "blocks of three", Inputs: []Input{X(1, 4, 3, 6)}, Attrs: attrs(onnxio.Int("blocksize", 3))},
		{Name: "opset 7", Opset: 7, Inputs: []Input{X(2, 3, 2, 2)}, Attrs: attrs(onnxio.Int("blocksize", 2))},
	},
}
