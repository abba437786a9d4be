package op

import (
	"fmt"

	"github.com/prunefuse/prunefuse/onnxio"
)

var multinomial = Def{
	Type: "Multinomial", Since: []int64{7, 22},
	Jumps: true,
	Shape: func(c *Infer) error {
		n := c.Node.Int("sample_size", 1)
		if len(c.In(0).Shape) != 2 || n < 1 {
			return fmt.Errorf("sample_size %d of an input of shape %v", n, c.In(0).Shape)
		}
		c.Out(0, onnxio.Elem(c.Node.Int("dtype", int64(onnxio.Int32))), onnxio.Shape{c.In(0).Shape[0], onnxio.Known(n)})
		return nil
	},
	Axes: Opaque("Multinomial draws a class for each row"),
	Grad: NoGrad("its output is integer"), Cost: free,
	Cases: []Case{
		{Name: "one draw", Inputs: []Input{X(2, 5)}},
		{Name: "draws", Inputs: []Input{X(2, 5)}, Attrs: attrs(onnxio.Int("sample_size", 3), onnxio.Int("dtype", int64(onnxio.Int64)))},
		{Name: "opset 7", Opset: 7, Inputs: []Input{X(3, 4)}},
	},
}
