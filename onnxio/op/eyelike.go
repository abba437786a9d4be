package op

import "github.com/prunefuse/prunefuse/onnxio"

var eyeLike = Def{
	Type: "EyeLike", Since: []int64{9, 22},
	Shape: func(c *Infer) error {
		c.Out(0, onnxio.Elem(c.Node.Int("dtype", int64(c.In(0).Elem))), c.In(0).Shape)
		return nil
	},
	Axes: Opaque("EyeLike compares positions"), Cost: free,
	Grad: func(*Grad) error { return nil }, // the input's values do not matter
	Cases: []Case{
		{Name: "square", Inputs: []Input{X(3, 3)}},
		{Name: "off the diagonal", Inputs: []Input{X(2, 4)}, Attrs: attrs(onnxio.Int("k", 1))},
		{Name: "integer", Inputs: []Input{X(2, 3)}, Attrs: attrs(onnxio.Int("dtype", int64(onnxio.Int64)))},
		{Name: "opset 9", Opset: 9, Inputs: []Input{X(3, 2)}},
	},
}
