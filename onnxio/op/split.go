package op

import (
	"fmt"
	"slices"

	"github.com/prunefuse/prunefuse/onnxio"
)

var split = Def{
	Type: "Split", Since: []int64{1, 2, 11, 13, 18},
	Zero:  zeroAtZero,
	Shape: splitShape, Axes: splitAxes, Grad: splitGrad, Cost: free,
	Upgrade: func(u *Upgrade) error {
		if u.From < 13 {
			u.AttrToInput("split", 1)
		}
		return nil
	},
	Cases: []Case{
		{Name: "halves", Inputs: []Input{X(2, 6, 3)}, Attrs: attrs(onnxio.Int("axis", 1)), Out: 2},
		{Name: "sizes", Inputs: []Input{X(2, 6), I64(1, 2, 3)}, Attrs: attrs(onnxio.Int("axis", -1)), Out: 3},
		{Name: "a shape", Inputs: []Input{I64(4, 5, 6), I64(1, 2)}, Out: 2},
		{Name: "number of outputs", Opset: 18, Inputs: []Input{X(2, 7)}, Attrs: attrs(onnxio.Int("axis", 1), onnxio.Int("num_outputs", 3)), Out: 3},
		{Name: "uneven", Opset: 18, Inputs: []Input{X(2, 8, 2), I64(3, 5)}, Attrs: attrs(onnxio.Int("axis", 1)), Out: 2},
		{Name: "equal, by number", Opset: 18, Inputs: []Input{X(2, 6)}, Attrs: attrs(onnxio.Int("axis", 1), onnxio.Int("num_outputs", 2)), Out: 2},
		{Name: "samples", Inputs: []Input{X(4, 3), I64(1, 3)}, Out: 2, Fixed: true},
		{Name: "opset 7", Opset: 7, Inputs: []Input{X(2, 6)}, Attrs: attrs(onnxio.Int("axis", 1), onnxio.Ints("split", 2, 4)), Out: 2},
		{Name: "opset 11, equal", Opset: 11, Inputs: []Input{X(2, 6)}, Attrs: attrs(onnxio.Int("axis", 1)), Out: 3},
	},
}

// splitSizes returns the extents of the outputs along the axis, nil where they
// are not known.
func splitSizes(c *Infer) (axis int, sizes []onnxio.Dim, err error) {
	if axis, err = c.Axis(0); err != nil {
		return 0, nil, err
	}
	list, known := c.listAttr("split", 13)
	n := len(c.Node.Outputs())
	if !known {
		return axis, nil, nil
	}
	if list != nil {
		if len(list) != n || slices.ContainsFunc(list, func(m int64) bool { return m < 0 }) {
			return 0, nil, fmt.Errorf("sizes %v for %d outputs", list, n)
		}
		return axis, onnxio.ShapeOf(list...), nil
	}
	whole := c.In(0).Shape[axis]
	sizes = make([]onnxio.Dim, n)
	total, ok := whole.Value()
	if !ok {
		each, exact := whole.Div(onnxio.Known(int64(n)))
		if !exact {
			each = onnxio.Symbol(fmt.Sprintf("(%v)/%d", whole, n))
		}
		for i := range sizes {
			sizes[i] = each
		}
		return axis, sizes, nil
	}
	each := (total + int64(n) - 1) / int64(n)
	for i := range sizes {
		m := min(each, total)
		sizes[i] = onnxio.Known(m)
		total -= m
	}
	return axis, sizes, nil
}

func splitShape(c *Infer) error {
	k, sizes, err := splitSizes(c)
	if err != nil {
		return err
	}
	if sizes == nil {
		c.unknownShape(c.In(0).Elem)
		return nil
	}
	values, carried := c.Dims(0)
	at := int64(0)
	for i, d := range sizes {
		s := c.In(0).Shape.Clone()
		s[k] = d
		c.Out(i, c.In(0).Elem, s)
		n, ok := d.Value()
		if carried = carried && ok && len(s) == 1 && at+n <= int64(len(values)); carried && c.Node.Output(i) != "" {
			c.Values[c.Node.Output(i)] = values[at : at+n]
		}
		at += n
	}
	return nil
}

func splitAxes(a *Axes) error {
	k, sizes, err := splitSizes(a.Infer)
	if err != nil {
		return err
	}
	for j := range a.In(0).Shape {
		for i := range a.Node.Outputs() {
			if j != k {
				a.Same(In(0, j), Out(i, j))
			}
		}
	}
	at := 0
	for i, d := range sizes {
		n, known := d.Value()
		if !known || !a.Dim(In(0, k)).IsKnown() {
			return nil
		}
		if a.Node.Output(i) != "" {
			a.Match(In(0, k), Out(i, k), span(at, int(n)), span(0, int(n)))
		}
		if at += int(n); at > 0 {
			size := Extent{Input: 1, Index: i, Ref: In(0, k), From: at - int(n), To: at}
			switch {
			case a.Opset < 13:
				size.Attr, size.List, size.Input = "split", true, 0
			case a.Opset >= 18:
				size.Instead = "num_outputs"
			}
			a.Follow(size)
		}
	}
	a.Free(In(0, k))
	return nil
}

// splitGrad joins the gradients of the parts, zeros for parts without one.
func splitGrad(g *Grad) error {
	k, err := g.Axis(0)
	if err != nil {
		return err
	}
	parts := make([]string, len(g.Node.Outputs()))
	for i := range parts {
		if parts[i] = g.GO(i); parts[i] == "" {
			if g.O(i) == "" {
				return fmt.Errorf("output %d is left out", i)
			}
			parts[i] = g.Zeros(g.O(i))
		}
	}
	g.GI(0, g.Concat(int64(k), parts...))
	return nil
}
