package op

import (
	"fmt"

	"github.com/prunefuse/prunefuse/onnxio"
)

var squeeze = Def{
	Type: "Squeeze", Since: []int64{1, 11, 13, 21, 23},
	Zero: zeroAtZero,
	Shape: carrying(func(c *Infer) error {
		gone, err := squeezed(c)
		if err != nil || gone == nil {
			c.Out(0, c.In(0).Elem, nil)
			return err
		}
		s := onnxio.Shape{}
		for k, d := range c.In(0).Shape {
			if !gone[k] {
				s = append(s, d)
			} else if d.IsKnown() && !d.Is(1) {
				return fmt.Errorf("axis %d of %v is not 1", k, c.In(0).Shape)
			}
		}
		c.Out(0, c.In(0).Elem, s)
		return nil
	}),
	Axes: func(a *Axes) error {
		gone, err := squeezed(a.Infer)
		if err != nil {
			return err
		}
		if gone == nil {
			a.PinAll("which axes Squeeze drops is not known")
			return nil
		}
		list, _ := a.listAttr("axes", 13)
		at := 0
		for k := range a.In(0).Shape {
			if gone[k] {
				a.Free(In(0, k))
				if list == nil {
					// Another axis may be cut down to 1, but stays.
					e := Element{Input: 1, Index: k - at, Value: int64(k)}
					if a.Opset < 13 {
						e.Attr, e.Input = "axes", 0
					}
					a.State(e)
				}
				continue
			}
			a.Same(In(0, k), Out(0, at))
			at++
		}
		return nil
	},
	Grad: reshaped, Cost: free,
	Upgrade: func(u *Upgrade) error { return u.axesToInput() },
	Cases: []Case{
		{Name: "axes", Inputs: []Input{X(2, 1, 3, 1), I64(1, -1)}},
		{Name: "all", Inputs: []Input{X(1, 3, 1)}},
		{Name: "to a scalar", Inputs: []Input{I64(7)}},
		{Name: "opset 7", Opset: 7, Inputs: []Input{X(2, 3, 1, 1)}, Attrs: attrs(onnxio.Ints("axes", 2, 3))},
		{Name: "opset 11, all", Opset: 11, Inputs: []Input{X(3, 1)}, Fixed: true},
	},
}

// squeezed marks the axes that are dropped; nil where they are not known.
func squeezed(c *Infer) ([]bool, error) {
	list, known := c.listAttr("axes", 13)
	switch {
	case !known:
		return nil, nil
	case list != nil:
		return axisSet(list, len(c.In(0).Shape))
	}
	gone := make([]bool, len(c.In(0).Shape))
	for k, d := range c.In(0).Shape {
		if !d.IsKnown() {
			return nil, nil // it may turn out to be 1
		}
		gone[k] = d.Is(1)
	}
	return gone, nil
}

// axesToInput makes the attribute "axes" of opset 12 and before the second
// input.
func (u *Upgrade) axesToInput() error {
	if u.From < 13 {
		u.AttrToInput("axes", 1)
	}
	return nil
}
