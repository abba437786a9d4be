package op

import "github.com/prunefuse/prunefuse/onnxio"

var cast = Def{
	Type: "Cast", Since: []int64{1, 6, 9, 13, 19, 21, 23},
	Zero:  zeroAtZero,
	Shape: func(c *Infer) error { return castShape(c, onnxio.Elem(c.Node.Int("to", 0))) },
	Axes:  alike, Grad: castGrad, Cost: free,
	Cases: []Case{
		{Name: "to float", Inputs: []Input{X(2, 3)}, Attrs: attrs(onnxio.Int("to", int64(onnxio.Float32)))},
		{Name: "to int", Inputs: []Input{X(2, 3)}, Attrs: attrs(onnxio.Int("to", int64(onnxio.Int64)))},
		{Name: "of a shape", Inputs: []Input{I64(2, 3, 64)}, Attrs: attrs(onnxio.Int("to", int64(onnxio.Float32)))},
		{Name: "to bool", Inputs: []Input{I64(2, 0, 1)}, Attrs: attrs(onnxio.Int("to", int64(onnxio.Bool)))},
		{Name: "opset 7", Opset: 7, Inputs: []Input{I64(3, 5)}, Attrs: attrs(onnxio.Int("to", int64(onnxio.Int32)))},
	},
}

// castShape gives output 0 the shape of input 0 and the element type to.
func castShape(c *Infer, to onnxio.Elem) error {
	c.Out(0, to, c.In(0).Shape)
	switch to {
	case onnxio.Int64, onnxio.Int32, onnxio.Float32, onnxio.Float64:
		c.carry()
		c.castReals(to)
	case onnxio.Bool:
		if v, ok := c.Ints(0); ok && len(c.In(0).Shape) <= 1 {
			b := make([]onnxio.Dim, len(v))
			for i := range v {
				b[i] = truth(v[i] != 0)
			}
			c.OutDims(b)
		}
	}
	return nil
}

func castGrad(g *Grad) error {
	if g.In(0).Elem.Float() && g.OutType(0).Elem.Float() {
		g.GI(0, g.Op("Cast", []string{g.GO(0)}, onnxio.Int("to", int64(g.In(0).Elem))))
	}
	return nil
}
