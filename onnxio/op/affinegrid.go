package op

import (
	"fmt"

	"github.com/prunefuse/prunefuse/onnxio"
)

var affineGrid = Def{
	Type: "AffineGrid", Since: []int64{20},
	Shape: func(c *Infer) error {
		theta := c.In(0).Shape
		size, ok := c.Dims(1)
		if len(theta) != 3 || (ok && len(size) != 4 && len(size) != 5) {
			return fmt.Errorf("maps %v for an image of %v: want [N,2,3] or [N,3,4] and the extents of all axes", theta, size)
		}
		if !ok {
			c.Out(0, c.In(0).Elem, nil)
			return nil
		}
		s := append(onnxio.Shape{size[0]}, size[2:]...)
		c.Out(0, c.In(0).Elem, append(s, onnxio.Known(int64(len(size)-2))))
		return nil
	},
	Axes: Opaque("its grid is laid out over a stated size"), Cost: free, Decompose: affineGridDecomposition, Grad: throughDecomposition,
	Cases: []Case{
		{Name: "image", Opset: 20, Inputs: []Input{X(2, 2, 3), I64(2, 3, 4, 5)}, Fixed: true},
		{Name: "corners", Opset: 20, Inputs: []Input{X(2, 2, 3), I64(2, 3, 4, 5)}, Attrs: attrs(onnxio.Int("align_corners", 1)), Fixed: true},
		{Name: "volume", Opset: 20, Inputs: []Input{X(1, 3, 4), I64(1, 2, 3, 4, 5)}},
	},
}
