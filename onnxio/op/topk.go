package op

import (
	"fmt"

	"github.com/prunefuse/prunefuse/onnxio"
)

var topK = Def{
	Type: "TopK", Since: []int64{1, 10, 11, 24},
	Jumps: true,
	Shape: topKShape, Axes: topKAxes, Cost: free,
	// Each gradient goes to the element that was chosen.
	Grad: func(g *Grad) error {
		k, err := g.Axis(-1)
		switch {
		case err != nil:
			return err
		case g.GO(0) == "":
			return nil
		case g.O(1) == "":
			return &noGradError{"its output of indices is left out"}
		}
		g.GI(0, g.Op("ScatterElements", []string{g.Zeros(g.I(0)), g.O(1), g.GO(0)}, onnxio.Int("axis", int64(k))))
		return nil
	},
	Upgrade: func(u *Upgrade) error {
		if u.From < 10 {
			u.Patch.SetInput(u.Node, 1, u.List(u.Node.Int("k", 0)))
			u.Patch.DropAttr(u.Node, "k")
		}
		return nil
	},
	Cases: []Case{
		{Name: "last axis", Inputs: []Input{X(3, 5), I64(2)}, Out: 2},
		{Name: "channels", Inputs: []Input{X(2, 5, 3), I64(3)}, Out: 2, Attrs: attrs(onnxio.Int("axis", 1))},
		{Name: "least", Inputs: []Input{X(2, 5, 3), I64(4)}, Out: 2, Attrs: attrs(onnxio.Int("axis", -2), onnxio.Int("largest", 0))},
		{Name: "unsorted", Inputs: []Input{X(3, 5), I64(5)}, Out: 2, Attrs: attrs(onnxio.Int("sorted", 0))},
		{Name: "opset 7", Opset: 7, Inputs: []Input{X(3, 5)}, Out: 2, Attrs: attrs(onnxio.Int("k", 2))},
		{Name: "opset 10", Opset: 10, Inputs: []Input{X(3, 5), I64(2)}, Out: 2, Attrs: attrs(onnxio.Int("axis", 1))},
		{Name: "opset 24", Opset: 24, Inputs: []Input{X(3, 5), I64(2)}, Out: 2},
	},
}

func topKShape(c *Infer) error {
	axis, err := c.Axis(-1)
	if err != nil {
		return err
	}
	s := c.In(0).Shape.Clone()
	k, known := onnxio.Known(c.Node.Int("k", 0)), true
	if c.Opset >= 10 {
		var v []onnxio.Dim
		if v, known = c.Dims(1); known {
			if len(v) != 1 {
				return fmt.Errorf("input 1 (%q) has %d elements, want the number to keep", c.Node.Input(1), len(v))
			}
			k = v[0]
		}
	}
	n, extent := k.Or(0), s[axis].Or(k.Or(0))
	if known && (n < 0 || n > extent) {
		return fmt.Errorf("cannot keep %v of %v elements", k, s[axis])
	}
	if !known {
		k = onnxio.Symbol(fmt.Sprintf("%s.%d", c.Node.Output(0), axis))
	}
	s[axis] = k
	c.Out(0, c.In(0).Elem, s)
	c.Out(1, onnxio.Int64, s)
	return nil
}

func topKAxes(a *Axes) error {
	axis, err := a.Axis(-1)
	if err != nil {
		return err
	}
	for k := range a.In(0).Shape {
		if k != axis {
			a.Same(In(0, k), Out(0, k), Out(1, k))
			continue
		}
		for _, r := range []Ref{In(0, k), Out(0, k), Out(1, k)} {
			a.Pin(r, "its elements are ranked by their values")
		}
	}
	return nil
}
