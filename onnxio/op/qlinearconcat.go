package op

import (
	"fmt"

	"github.com/prunefuse/prunefuse/onnxio"
)

// The inputs are the output's scale and zero point, and then each part with
// its own.
var qLinearConcat = Def{
	Type: "QLinearConcat", Domain: Microsoft, Since: []int64{1},
	Shape: func(c *Infer) error {
		parts := concatParts(c)
		if len(parts) == 0 {
			return fmt.Errorf("nothing to join")
		}
		out := c.In(parts[0]).Shape.Clone()
		k, ok := out.Axis(c.Node.Int("axis", 0))
		if !ok {
			return fmt.Errorf("axis %d of an input of shape %v", c.Node.Int("axis", 0), out)
		}
		for _, i := range parts[1:] {
			s := c.In(i).Shape
			if len(s) != len(out) {
				return fmt.Errorf("inputs of shapes %v and %v do not join", out, s)
			}
			out[k], _ = addDims(out[k], s[k])
		}
		c.Out(0, c.In(parts[0]).Elem, out)
		return nil
	},
	Axes: func(a *Axes) error {
		parts := concatParts(a.Infer)
		k, _ := a.OutType(0).Shape.Axis(a.Node.Int("axis", 0))
		var joined []Ref
		for _, i := range parts {
			joined = append(joined, In(i, k))
			for j := range a.In(i).Shape {
				if j != k {
					a.Same(Out(0, j), In(i, j))
				}
			}
		}
		a.laidOut(Out(0, k), joined)
		return nil
	},
	Cost: free, Grad: NoGrad(integerArithmetic),
	Cases: []Case{
		{Name: "channels", Inputs: []Input{
			Scales(0.05), Points(onnxio.Uint8, 90), Q(onnxio.Uint8, 2, 3, 4), Scales(0.02), Points(onnxio.Uint8, 100), Q(onnxio.Uint8, 2, 2, 4), Scales(0.03), Points(onnxio.Uint8, 80),
		}, Attrs: attrs(onnxio.Int("axis", 1))},
		{Name: "last", Inputs: []Input{
			Scales(0.05), Points(onnxio.Int8, 9), Q(onnxio.Int8, 2, 3), Scales(0.02), Points(onnxio.Int8, 1), Q(onnxio.Int8, 2, 4), Scales(0.03), Points(onnxio.Int8, 8),
		}, Attrs: attrs(onnxio.Int("axis", -1))},
	},
}

// concatParts returns the inputs that are joined.
func concatParts(c *Infer) (parts []int) {
	for i := 2; i < len(c.Node.Inputs()); i += 3 {
		parts = append(parts, i)
	}
	return parts
}
