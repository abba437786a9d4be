package op

import "github.com/prunefuse/prunefuse/onnxio"

var constant = Def{
	Type: "Constant", Since: []int64{1, 9, 11, 12, 13, 19, 21, 23},
	Shape: func(c *Infer) error {
		t, _ := c.Graph.Constant(c.Node.Output(0))
		if t == nil {
			c.Out(0, onnxio.Undefined, nil) // strings or a sparse tensor
			return nil
		}
		c.Out(0, t.Elem(), t.Shape())
		return c.constant(c.Node.Output(0), t)
	},
	Axes: func(a *Axes) error {
		for k := range a.OutType(0).Shape {
			a.Free(Out(0, k))
		}
		return nil
	},
	Grad: NoGrad("it has no inputs"), Cost: free,
	Cases: []Case{
		{Name: "tensor", Attrs: attrs(onnxio.TensorValue("value", onnxio.NewTensor("", []int64{2, 3}, []float32{1, 2, 3, 4, 5, 6})))},
		{Name: "shape", Attrs: attrs(onnxio.TensorValue("value", onnxio.NewTensor("", []int64{2}, []int64{3, -1})))},
		{Name: "ints", Attrs: attrs(onnxio.Ints("value_ints", 4, 5))},
		{Name: "int", Attrs: attrs(onnxio.Int("value_int", 4))},
		{Name: "float", Attrs: attrs(onnxio.Float("value_float", 0.5))},
		{Name: "opset 7", Opset: 7, Attrs: attrs(onnxio.TensorValue("value", onnxio.Scalar("", float32(6))))},
	},
}
