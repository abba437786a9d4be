package op

import (
	"fmt"

	"github.com/prunefuse/prunefuse/onnxio"
)

var centerCropPad = Def{
	Type: "CenterCropPad", Since: []int64{18},
	Shape: func(c *Infer) error {
		s := c.In(0).Shape.Clone()
		axes, err := croppedAxes(c)
		if err != nil {
			return err
		}
		to, ok := c.Dims(1)
		if ok && len(to) != len(axes) {
			return fmt.Errorf("shape %v for %d axes", onnxio.Shape(to), len(axes))
		}
		for i, k := range axes {
			if ok {
				s[k] = to[i]
			} else {
				s[k] = c.unknown(0, k)
			}
		}
		c.Out(0, c.In(0).Elem, s)
		return nil
	},
	Axes: func(a *Axes) error {
		axes, err := croppedAxes(a.Infer)
		if err != nil {
			return err
		}
		var moved []int
		for i, k := range axes {
			if a.Dim(In(0, k)) != a.Dim(Out(0, k)) {
				moved = append(moved, k)
			} else {
				a.sized(Out(0, k), 1, i)
			}
		}
		return a.alikeBut("it is cropped or padded along this axis", moved...)
	},
	Grad: func(g *Grad) error {
		rank := len(g.In(0).Shape)
		back := make([]int64, 2*rank)
		for k := range rank {
			from, to := g.In(0).Shape[k], g.OutType(0).Shape[k]
			n, ok := from.Value()
			m, known := to.Value()
			switch {
			case from == to:
			case !ok || !known:
				return &noGradError{"how much it crops or pads is not known"}
			case m > n:
				back[k] = -((m - n) / 2)
				back[rank+k] = n - m - back[k]
			default:
				back[k] = (n - m) / 2
				back[rank+k] = n - m - back[k]
			}
		}
		g.GI(0, g.Pad(g.GO(0), back...))
		return nil
	},
	Cost: free,
	Cases: []Case{
		{Name: "all axes", Opset: 18, Inputs: []Input{X(2, 3, 5), I64(2, 4, 4)}, Fixed: true},
		{Name: "odd differences", Opset: 18, Inputs: []Input{X(2, 4, 7, 3), I64(2, 7, 4, 6)}, Fixed: true},
		{Name: "some axes", Opset: 18, Inputs: []Input{X(2, 3, 4, 5), I64(3, 6, 5)}, Attrs: attrs(onnxio.Ints("axes", 1, -2, 3))},
	},
}

// croppedAxes returns the axes that the wanted shape lists.
func croppedAxes(c *Infer) ([]int, error) {
	list := c.Node.Ints("axes")
	if list == nil {
		return span(0, len(c.In(0).Shape)), nil
	}
	if _, err := axisSet(list, len(c.In(0).Shape)); err != nil {
		return nil, err
	}
	axes := make([]int, len(list))
	for i, a := range list {
		axes[i], _ = c.In(0).Shape.Axis(a)
	}
	return axes, nil
}
