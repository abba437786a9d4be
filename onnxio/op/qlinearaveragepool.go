package op

import (
	"fmt"

	"github.com/prunefuse/prunefuse/onnxio"
)

// The inputs of quantised pools are x, its scale and zero point, and the
// output's. With channels_last the channels are the last axis.

var qLinearAveragePool = Def{
	Type: "QLinearAveragePool", Domain: Microsoft, Since: []int64{1},
	Shape: func(c *Infer) error {
		w, err := poolWindow(c)
		if err != nil {
			return err
		}
		return quantisedPoolShape(c, w.out)
	},
	Axes: quantisedPoolAxes, Cost: free, Grad: NoGrad(integerArithmetic),
	Cases: []Case{
		{Name: "2x2", Inputs: quantisedPoolInputs(2, 3, 4, 6), Attrs: attrs(onnxio.Ints("kernel_shape", 2, 2), onnxio.Ints("strides", 2, 2))},
		{Name: "padded", Inputs: quantisedPoolInputs(2, 3, 5, 6), Attrs: pads(1, 1, 1, 1, onnxio.Ints("kernel_shape", 3, 3), onnxio.Int("count_include_pad", 1))},
		{Name: "channels last", Inputs: quantisedPoolInputs(2, 4, 6, 3), Attrs: attrs(onnxio.Ints("kernel_shape", 2, 3), onnxio.Int("channels_last", 1))},
	},
}

func quantisedPoolInputs(shape ...int64) []Input {
	return []Input{Q(onnxio.Uint8, shape...), Scales(0.02), Points(onnxio.Uint8, 100), Scales(0.03), Points(onnxio.Uint8, 20)}
}

func channelsLast(c *Infer) bool { return c.Node.Int("channels_last", 0) != 0 }

func quantisedPoolShape(c *Infer, out func(onnxio.Shape) onnxio.Shape) error {
	x := c.In(0).Shape
	n := len(x)
	switch {
	case n < 3:
		return fmt.Errorf("input %v: want batch, channels and at least one spatial axis", x)
	case channelsLast(c):
		c.Out(0, c.In(0).Elem, append(append(onnxio.Shape{x[0]}, out(x[1:n-1])...), x[n-1]))
	default:
		c.Out(0, c.In(0).Elem, append(onnxio.Shape{x[0], x[1]}, out(x[2:])...))
	}
	return nil
}

func quantisedPoolAxes(a *Axes) error {
	channels := 1
	if channelsLast(a.Infer) {
		channels = len(a.In(0).Shape) - 1
	}
	for k := range a.In(0).Shape {
		if k == 0 || k == channels {
			a.Same(In(0, k), Out(0, k))
			continue
		}
		a.Pin(In(0, k), a.Node.Op()+" slides over this axis")
		a.Pin(Out(0, k), a.Node.Op()+" slides over this axis")
	}
	return nil
}
