package op

import (
	"fmt"

	"github.com/prunefuse/prunefuse/onnxio"
)

var flatten = Def{
	Type: "Flatten", Since: []int64{1, 9, 11, 13, 21, 23},
	Zero: zeroAtZero,
	Shape: func(c *Infer) error {
		k, err := flattenAxis(c)
		if err != nil {
			return err
		}
		s := c.In(0).Shape
		c.Out(0, c.In(0).Elem, onnxio.Shape{s[:k].Size(), s[k:].Size()})
		return nil
	},
	Axes: func(a *Axes) error {
		k, err := flattenAxis(a.Infer)
		if err != nil {
			return err
		}
		var sides [2][]Ref
		for i := range a.In(0).Shape {
			side := 0
			if i >= k {
				side = 1
			}
			sides[side] = append(sides[side], In(0, i))
		}
		for o, from := range sides {
			switch len(from) {
			case 0:
				a.Free(Out(0, o))
			case 1:
				a.Same(from[0], Out(0, o))
			default:
				a.Regroup(from, []Ref{Out(0, o)})
			}
		}
		return nil
	},
	Grad: reshaped, Cost: free,
	Cases: []Case{
		{Name: "image", Inputs: []Input{X(2, 3, 4, 5)}},
		{Name: "axis 2", Inputs: []Input{X(2, 3, 4, 5)}, Attrs: attrs(onnxio.Int("axis", 2))},
		{Name: "axis 0", Inputs: []Input{X(2, 3, 4)}, Attrs: attrs(onnxio.Int("axis", 0))},
		{Name: "last", Inputs: []Input{X(2, 3, 4)}, Attrs: attrs(onnxio.Int("axis", 3))},
		{Name: "from the end", Inputs: []Input{X(2, 3, 4)}, Attrs: attrs(onnxio.Int("axis", -1))},
		{Name: "matrix", Inputs: []Input{X(2, 3)}},
		{Name: "opset 7", Opset: 7, Inputs: []Input{X(2, 3, 1, 1)}},
	},
}

// flattenAxis returns the first axis of the second side, which may be the rank.
func flattenAxis(c *Infer) (int, error) {
	rank := int64(len(c.In(0).Shape))
	k := c.Node.Int("axis", 1)
	if k < 0 {
		k += rank
	}
	if k < 0 || k > rank {
		return 0, fmt.Errorf("axis %d is not within rank %d", c.Node.Int("axis", 1), rank)
	}
	return int(k), nil
}
