package op

import (
	"fmt"

	"github.com/prunefuse/prunefuse/onnxio"
)

var col2Im = Def{
	Type: "Col2Im", Since: []int64{18},
	Shape: func(c *Infer) error {
		image, ok := c.Dims(1)
		block, sized := c.Ints(2)
		if !ok || !sized {
			c.Out(0, c.In(0).Elem, nil)
			return nil
		}
		x := c.In(0).Shape
		if len(x) != 3 || len(image) != len(block) || len(block) == 0 {
			return fmt.Errorf("input of shape %v for an image of shape %v and blocks %v", x, onnxio.Shape(image), block)
		}
		size, ok := onnxio.ShapeOf(block...).Size().Value()
		if !ok || size < 1 {
			return fmt.Errorf("blocks %v", block)
		}
		channels, err := share(x[1], size, "rows")
		if err != nil {
			return err
		}
		c.Out(0, c.In(0).Elem, append(onnxio.Shape{x[0], channels}, image...))
		return nil
	},
	Axes: func(a *Axes) error {
		if _, ok := a.Ints(2); !ok {
			a.PinAll("its blocks are computed at run time")
			return nil
		}
		a.Same(In(0, 0), Out(0, 0))
		a.fromDepth(In(0, 1), Out(0, 1), true)
		return nil
	},
	Grad: col2ImGrad, Cost: free,
	Cases: []Case{
		{Name: "side by side", Opset: 18, Inputs: []Input{X(2, 12, 4), I64(4, 4), I64(2, 2)}, Attrs: attrs(onnxio.Ints("strides", 2, 2))},
		{Name: "overlapping", Opset: 18, Inputs: []Input{X(1, 12, 6), I64(3, 4), I64(2, 2)}},
		{Name: "padded and dilated", Opset: 18, Inputs: []Input{X(2, 8, 10), I64(5, 5), I64(2, 2)}, Attrs: attrs(onnxio.Ints("pads", 0, 1, 0, 1), onnxio.Ints("dilations", 1, 2), onnxio.Ints("strides", 2, 1))},
		{Name: "line", Opset: 18, Inputs: []Input{X(2, 6, 4), I64(6), I64(3)}},
	},
}

// col2ImGrad takes every block of the gradient's image apart again: a
// convolution whose kernels each pick one pixel.
func col2ImGrad(g *Grad) error {
	if g.OutType(0).Shape == nil {
		return &noGradError{"its image is computed at run time"}
	}
	channels, ok := g.OutType(0).Shape[1].Value()
	block, sized := g.Ints(2)
	if !ok || !sized {
		return &noGradError{"its channels or blocks are not known"}
	}
	size := onnxio.ShapeOf(block...).Size().Or(0)
	pick := make([]float32, channels*size*size)
	for i := range channels * size {
		pick[i*size+i%size] = 1
	}
	kernel := g.constant("pick", append([]int64{channels * size, 1}, block...), pick)
	blocks := g.Op("Conv", []string{g.GO(0), kernel}, append(g.Node.Attrs(), onnxio.Int("group", channels))...)
	g.GI(0, g.ReshapeLike(blocks, g.I(0), g.In(0).Shape))
	return nil
}
