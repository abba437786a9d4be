package op

import "github.com/prunefuse/prunefuse/onnxio"

var unique = Def{
	Type: "Unique", Since: []int64{11},
	Jumps: true,
	Shape: func(c *Infer) error {
		n, from := c.unknown(0, 0), c.In(0).Shape.Size()
		s := onnxio.Shape{n}
		if c.Node.Has("axis") {
			k, err := c.Axis(0)
			if err != nil {
				return err
			}
			s = c.In(0).Shape.Clone()
			s[k], from = n, s[k]
		}
		c.Out(0, c.In(0).Elem, s)
		c.Out(1, onnxio.Int64, onnxio.Shape{n})
		c.Out(2, onnxio.Int64, onnxio.Shape{from})
		c.Out(3, onnxio.Int64, onnxio.Shape{n})
		return nil
	},
	Axes: Opaque("Unique compares whole rows"), Grad: NoGrad("it keeps one of equal elements"), Cost: free,
	Cases: []Case{
		{Name: "elements", Inputs: []Input{integers(7)}, Out: 4},
		{Name: "of a table", Inputs: []Input{integers(2, 4)}, Out: 4, Attrs: attrs(onnxio.Int("sorted", 0))},
		{Name: "rows", Inputs: []Input{integers(6, 2)}, Out: 4, Attrs: attrs(onnxio.Int("axis", 0))},
		{Name: "columns", Inputs: []Input{integers(2, 6)}, Attrs: attrs(onnxio.Int("axis", -1))},
	},
}
