package op

import (
	"fmt"

	"github.com/prunefuse/prunefuse/onnxio"
)

var dft = Def{
	Type: "DFT", Since: []int64{17, 20},
	Shape: dftShape, Cost: free, Grad: NoGrad("its gradient is not derived"),
	Axes: func(a *Axes) error {
		axis, known, err := dftAxis(a.Infer)
		if err != nil {
			return err
		}
		if !known {
			a.PinAll("its axis is computed at run time")
			return nil
		}
		last := len(a.In(0).Shape) - 1
		for k := range last {
			if k != axis {
				a.Same(In(0, k), Out(0, k))
			}
		}
		for _, r := range []Ref{In(0, axis), Out(0, axis)} {
			a.Pin(r, "its frequencies are of the whole axis")
		}
		for _, r := range []Ref{In(0, last), Out(0, last)} {
			a.Pin(r, "it holds the real and the imaginary part")
		}
		return nil
	},
	Cases: []Case{
		{Name: "real", Inputs: []Input{X(2, 4, 3, 1)}},
		{Name: "complex", Inputs: []Input{X(2, 4, 3, 2)}, Attrs: attrs(onnxio.Int("axis", 2))},
		{Name: "inverse", Inputs: []Input{X(2, 4, 2)}, Attrs: attrs(onnxio.Int("inverse", 1))},
		{Name: "half", Inputs: []Input{X(2, 5, 1)}, Attrs: attrs(onnxio.Int("onesided", 1))},
		{Name: "length", Inputs: []Input{X(2, 5, 1), I0(8)}, Attrs: attrs(onnxio.Int("onesided", 1))},
		{Name: "opset 20", Opset: 20, Inputs: []Input{X(2, 4, 3, 1)}},
		{Name: "axis", Opset: 20, Inputs: []Input{X(2, 4, 3, 1), None(), I0(1)}},
	},
}

// dftAxis returns the axis transformed; known is false where it is computed.
func dftAxis(c *Infer) (axis int, known bool, err error) {
	at := c.Node.Int("axis", 1)
	if c.Opset >= 20 {
		at = -2
		if c.Has(2) {
			v, ok := c.Ints(2)
			if !ok || len(v) != 1 {
				return 0, false, nil
			}
			at = v[0]
		}
	}
	k, ok := c.In(0).Shape.Axis(at)
	if !ok || k == len(c.In(0).Shape)-1 {
		return 0, true, fmt.Errorf("axis %d of an input of shape %v", at, c.In(0).Shape)
	}
	return k, true, nil
}

func dftShape(c *Infer) error {
	if err := c.Rank(0, 2); err != nil {
		return err
	}
	axis, known, err := dftAxis(c)
	if err != nil {
		return err
	}
	if !known {
		c.Out(0, c.In(0).Elem, nil)
		return nil
	}
	s := c.In(0).Shape.Clone()
	if c.Has(1) {
		s[axis] = c.scalar(1)
	}
	if c.Node.Int("onesided", 0) != 0 {
		s[axis] = half(s[axis])
	}
	s[len(s)-1] = onnxio.Known(2)
	c.Out(0, c.In(0).Elem, s)
	return nil
}

// scalar returns the value of an integer input of one element, where it is not
// known a symbol.
func (c *Infer) scalar(i int) onnxio.Dim {
	if v, ok := c.Dims(i); ok && len(v) == 1 {
		return v[0]
	}
	return onnxio.Symbol(c.Node.Output(0) + ".length")
}

// half is how many frequencies of a real signal of n samples are not
// redundant.
func half(n onnxio.Dim) onnxio.Dim {
	return n.Apply("floor((%)/2+1)", func(n int64) int64 { return n/2 + 1 })
}
