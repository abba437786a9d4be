package op

import (
	"fmt"

	"github.com/prunefuse/prunefuse/onnxio"
)

// The inputs are the signal [N,samples,1 or 2], the step from frame to frame,
// a window and the frame's length, of which one may be left out.
var stft = Def{
	Type: "STFT", Since: []int64{17},
	Shape: func(c *Infer) error {
		x := c.In(0).Shape
		if len(x) < 2 {
			return fmt.Errorf("signal %v: want [N,samples,1 or 2]", x)
		}
		var length onnxio.Dim
		switch {
		case c.Has(3):
			length = c.scalar(3)
		case c.Has(2) && len(c.In(2).Shape) == 1:
			length = c.In(2).Shape[0]
		default:
			return fmt.Errorf("neither a window nor a frame length is given")
		}
		frames := onnxio.Symbol(c.Node.Output(0) + ".frames")
		n, nok := x[1].Value()
		l, lok := length.Value()
		if step, ok := c.Ints(1); ok && len(step) == 1 && nok && lok {
			if step[0] < 1 || l < 1 || l > n {
				return fmt.Errorf("frames of %d samples at a step of %d over %d samples", l, step[0], n)
			}
			frames = onnxio.Known((n-l)/step[0] + 1)
		}
		if c.Node.Int("onesided", 1) != 0 {
			length = half(length)
		}
		c.Out(0, c.In(0).Elem, onnxio.Shape{x[0], frames, length, onnxio.Known(2)})
		return nil
	},
	Axes: func(a *Axes) error {
		a.Same(In(0, 0), Out(0, 0))
		a.each(func(r Ref) {
			if r != In(0, 0) && r != Out(0, 0) {
				a.Pin(r, "its frequencies are of all samples of a frame")
			}
		})
		return nil
	},
	Cost: free, Grad: NoGrad("its frames overlap, and their gradient is not derived"),
	Cases: []Case{
		{Name: "window", Inputs: []Input{X(2, 16, 1), I0(4), W(8)}},
		{Name: "length", Inputs: []Input{X(2, 17, 1), I0(3), None(), I0(8)}},
		{Name: "both, all frequencies", Inputs: []Input{X(2, 16, 1), I0(4), W(8), I0(8)}, Attrs: attrs(onnxio.Int("onesided", 0))},
	},
}
