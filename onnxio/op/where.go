package op

import "github.com/prunefuse/prunefuse/onnxio"

var where = Def{
	Type: "Where", Since: []int64{9, 16}, Axes: elementwise, Cost: free,
	Zero: [][]int{{1, 2}},
	Shape: func(c *Infer) error {
		if err := broadcastTo(c, c.In(1).Elem, 0); err != nil {
			return err
		}
		cond, ok := c.Ints(0)
		x, xok := c.Dims(1)
		y, yok := c.Dims(2)
		if !ok || !xok || !yok || len(c.OutType(0).Shape) > 1 || min(len(cond), len(x), len(y)) == 0 {
			return nil
		}
		n := max(len(cond), len(x), len(y))
		v := make([]onnxio.Dim, n)
		for i := range v {
			if cond[i%len(cond)] != 0 {
				v[i] = x[i%len(x)]
			} else {
				v[i] = y[i%len(y)]
			}
		}
		c.OutDims(v)
		return nil
	},
	Grad: func(g *Grad) error {
		if g.Needs(1) {
			g.GIBroadcast(1, g.Op("Where", []string{g.I(0), g.GO(0), g.Scalar(0)}))
		}
		if g.Needs(2) {
			g.GIBroadcast(2, g.Op("Where", []string{g.I(0), g.Scalar(0), g.GO(0)}))
		}
		return nil
	},
	Cases: []Case{
		{Name: "each", Inputs: []Input{Bools([]int64{1, 0, 0, 1, 1, 0}, 2, 3), X(2, 3), W(2, 3)}},
		{Name: "broadcast", Inputs: []Input{Bools([]int64{1, 0, 1}, 3), X(2, 3), F32([]float32{-1})}},
		{Name: "condition is wider", Inputs: []Input{Bools([]int64{1, 0, 0, 1}, 2, 2, 1), X(1, 3), W(2, 1, 3)}},
		{Name: "of shapes", Inputs: []Input{{Elem: onnxio.Bool, Shape: []int64{3}, Ints: []int64{1, 0, 1}, Const: true}, I64(1, 2, 3), I64(4, 5, 6)}},
	},
}
