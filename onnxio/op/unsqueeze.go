package op

import (
	"github.com/prunefuse/prunefuse/onnxio"
)

var unsqueeze = Def{
	Type: "Unsqueeze", Since: []int64{1, 11, 13, 21, 23},
	Zero: zeroAtZero,
	Shape: carrying(func(c *Infer) error {
		added, err := unsqueezed(c)
		if err != nil || added == nil {
			c.Out(0, c.In(0).Elem, nil)
			return err
		}
		s := make(onnxio.Shape, 0, len(added))
		for _, one := range added {
			if one {
				s = append(s, onnxio.Known(1))
				continue
			}
			s = append(s, c.In(0).Shape[len(s)-count(added[:len(s)])])
		}
		c.Out(0, c.In(0).Elem, s)
		return nil
	}),
	Axes: func(a *Axes) error {
		added, err := unsqueezed(a.Infer)
		if err != nil {
			return err
		}
		at := 0
		for k, one := range added {
			if one {
				a.Free(Out(0, k))
				continue
			}
			a.Same(In(0, at), Out(0, k))
			at++
		}
		return nil
	},
	Grad: reshaped, Cost: free,
	Upgrade: func(u *Upgrade) error { return u.axesToInput() },
	Cases: []Case{
		{Name: "axes", Inputs: []Input{X(2, 3), I64(1, -1)}},
		{Name: "of a scalar", Inputs: []Input{I0(7), I64(0)}},
		{Name: "opset 7", Opset: 7, Inputs: []Input{X(2, 3)}, Attrs: attrs(onnxio.Ints("axes", 2, 3))},
	},
}

// unsqueezed marks the axes of the output that are added; nil where they are
// not known.
func unsqueezed(c *Infer) ([]bool, error) {
	list, known := c.listAttr("axes", 13)
	if !known {
		return nil, nil
	}
	return axisSet(list, len(c.In(0).Shape)+len(list))
}

func count(set []bool) int {
	n := 0
	for _, b := range set {
		if b {
			n++
		}
	}
	return n
}
