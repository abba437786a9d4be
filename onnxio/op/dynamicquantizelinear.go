package op

import "github.com/prunefuse/prunefuse/onnxio"

var dynamicQuantizeLinear = Def{
	Type: "DynamicQuantizeLinear", Since: []int64{11},
	Shape: func(c *Infer) error {
		c.Out(0, onnxio.Uint8, c.In(0).Shape)
		c.Out(1, onnxio.Float32, onnxio.Shape{})
		c.Out(2, onnxio.Uint8, onnxio.Shape{})
		return nil
	},
	// The scale is that of the widest range over all elements.
	Axes: func(a *Axes) error {
		for k := range a.In(0).Shape {
			a.Same(In(0, k), Out(0, k))
			a.Mixes(In(0, k))
		}
		return nil
	},
	Cost: free, Grad: NoGrad("it rounds to whole numbers"),
	Cases: []Case{
		{Name: "image", Inputs: []Input{X(2, 3, 4, 4)}, Out: 3},
		{Name: "positive", Inputs: []Input{XPos(2, 5)}, Out: 3},
		{Name: "opset 11", Opset: 11, Inputs: []Input{X(2, 5)}, Out: 3},
	},
}
