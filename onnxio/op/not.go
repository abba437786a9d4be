package op

import "github.com/prunefuse/prunefuse/onnxio"

var not = Def{
	Type: "Not", Since: []int64{1}, Axes: alike, Grad: NoGrad(truthHasNone), Cost: free,
	Shape: func(c *Infer) error {
		c.Out(0, onnxio.Bool, c.In(0).Shape)
		if v, ok := c.Ints(0); ok {
			out := make([]onnxio.Dim, len(v))
			for i := range v {
				out[i] = truth(v[i] == 0)
			}
			c.OutDims(out)
		}
		return nil
	},
	Cases: []Case{
		{Name: "each", Inputs: []Input{Bools([]int64{1, 0, 0, 1, 1, 0}, 2, 3)}},
		{Name: "constants", Inputs: []Input{{Elem: onnxio.Bool, Shape: []int64{3}, Ints: []int64{1, 0, 1}, Const: true}}},
		{Name: "opset 7", Opset: 7, Inputs: []Input{Bools([]int64{1, 0}, 2)}},
	},
}
