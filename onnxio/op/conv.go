package op

import (
	"fmt"

	"github.com/prunefuse/prunefuse/onnxio"
)

var conv = Def{
	Type: "Conv", Since: []int64{1, 11, 22},
	Zero:  [][]int{{1, 2}, {0, 2}},
	Shape: convShape, Axes: plainConv.axes, Cost: plainConv.cost, Linear: &Linear{Bias: 2, Axis: 1, Product: plainConv.product},
	Grad: func(g *Grad) error { return convGrad(g, g.GO(0)) }, Train: convTrain,
	Cases: []Case{
		{Name: "3x3", Inputs: []Input{X(2, 3, 5, 6), W(4, 3, 3, 3), W(4)}, Attrs: pads(1, 1, 1, 1)},
		{Name: "no bias", Inputs: []Input{X(2, 3, 5, 6), W(4, 3, 3, 3)}},
		{Name: "1x1", Inputs: []Input{X(2, 3, 4, 4), W(5, 3, 1, 1)}},
		{Name: "1x1 stride 2", Inputs: []Input{X(2, 3, 5, 4), W(4, 3, 1, 1)}, Attrs: attrs(onnxio.Ints("strides", 2, 2))},
		{Name: "stride 2", Inputs: []Input{X(2, 3, 7, 8), W(4, 3, 3, 3)}, Attrs: pads(1, 1, 1, 1, onnxio.Ints("strides", 2, 2))},
		{Name: "uneven", Inputs: []Input{X(1, 2, 9, 8), W(3, 2, 3, 2), W(3)}, Attrs: pads(0, 1, 2, 0, onnxio.Ints("strides", 2, 1), onnxio.Ints("dilations", 1, 2))},
		{Name: "wide padding", Inputs: []Input{X(1, 2, 4, 4), W(3, 2, 2, 2)}, Attrs: pads(2, 2, 2, 2)},
		{Name: "dilated", Inputs: []Input{X(2, 2, 8, 8), W(3, 2, 3, 3)}, Attrs: pads(2, 2, 2, 2, onnxio.Ints("dilations", 2, 2))},
		{Name: "stride beyond kernel", Inputs: []Input{X(1, 2, 8, 9), W(3, 2, 2, 2)}, Attrs: attrs(onnxio.Ints("strides", 3, 3))},
		{Name: "groups", Inputs: []Input{X(2, 4, 5, 5), W(6, 2, 3, 3), W(6)}, Attrs: pads(1, 1, 1, 1, onnxio.Int("group", 2))},
		{Name: "depthwise", Inputs: []Input{X(2, 4, 5, 5), W(4, 1, 3, 3), W(4)}, Attrs: pads(1, 1, 1, 1, onnxio.Int("group", 4))},
		{Name: "depthwise stride 2", Inputs: []Input{X(2, 4, 6, 6), W(4, 1, 3, 3)}, Attrs: pads(1, 1, 1, 1, onnxio.Int("group", 4), onnxio.Ints("strides", 2, 2))},
		{Name: "depth multiplier", Inputs: []Input{X(2, 3, 5, 5), W(6, 1, 3, 3), W(6)}, Attrs: pads(1, 1, 1, 1, onnxio.Int("group", 3))},
		{Name: "same upper", Inputs: []Input{X(1, 2, 5, 5), W(3, 2, 2, 2)}, Attrs: attrs(onnxio.Str("auto_pad", "SAME_UPPER"))},
		{Name: "same lower stride 2", Inputs: []Input{X(1, 2, 5, 6), W(3, 2, 3, 3)}, Attrs: attrs(onnxio.Str("auto_pad", "SAME_LOWER"), onnxio.Ints("strides", 2, 2))},
		{Name: "one spatial axis", Inputs: []Input{X(2, 3, 9), W(4, 3, 3), W(4)}, Attrs: pads(1, 1)},
		{Name: "three spatial axes", Inputs: []Input{X(1, 2, 4, 4, 4), W(3, 2, 3, 3, 3)}, Attrs: pads(1, 1, 1, 1, 1, 1)},
	},
}

func attrs(a ...onnxio.Attr) []onnxio.Attr { return a }

// pads returns the attribute of that name, of leading ints, with more
// attributes after it.
func pads(v ...any) []onnxio.Attr {
	var p []int64
	var more []onnxio.Attr
	for _, x := range v {
		switch x := x.(type) {
		case int:
			p = append(p, int64(x))
		case onnxio.Attr:
			more = append(more, x)
		}
	}
	return append([]onnxio.Attr{onnxio.Ints("pads", p...)}, more...)
}

// convForm is where an operator of the convolution's form has its input, its
// weight, and what holds one value for each output channel.
type convForm struct {
	x, w   int
	perOut []int
}

var plainConv = convForm{x: 0, w: 1, perOut: []int{2}}

func convShape(c *Infer) error {
	if c.Has(2) && len(c.In(2).Shape) != 1 {
		return fmt.Errorf("bias %v: want one axis", c.In(2).Shape)
	}
	return plainConv.shape(c, c.In(0).Elem)
}

func (f convForm) shape(c *Infer, elem onnxio.Elem) error {
	x, w := c.In(f.x).Shape, c.In(f.w).Shape
	if len(x) < 3 || len(w) != len(x) {
		return fmt.Errorf("input %v and weight %v: want [N,C,spatial…] and [M,C/group,kernel…] of one rank", x, w)
	}
	group := c.Node.Int("group", 1)
	if group < 1 || (w[0].IsKnown() && w[0].Or(0)%group != 0) {
		return fmt.Errorf("group %d does not divide the %v output channels", group, w[0])
	}
	if in, ok := x[1].Value(); ok && w[1].IsKnown() && in != w[1].Or(0)*group {
		return fmt.Errorf("input has %d channels, weight %v with group %d wants %d", in, w, group, w[1].Or(0)*group)
	}
	win, err := newWindow(c, w[2:])
	if err != nil {
		return err
	}
	c.Out(0, elem, append(onnxio.Shape{x[0], w[0]}, win.out(x[2:])...))
	return nil
}

// cost counts one multiply-accumulate for each weight and output position; a
// bias costs none.
func (f convForm) cost(c *Infer) onnxio.Dim {
	w := c.In(f.w).Shape
	if len(w) == 0 || c.OutType(0).Shape == nil {
		return onnxio.Known(0)
	}
	return c.OutType(0).Shape.Size().Mul(w[1:].Size())
}

func (f convForm) axes(a *Axes) error {
	group := a.Node.Int("group", 1)
	x, w, y := In(f.x, 1), In(f.w, 0), Out(0, 1)
	in, out := a.Dim(x).Or(0), a.Dim(y).Or(0)
	a.Same(In(f.x, 0), Out(0, 0))
	a.Same(y, w)
	for _, i := range f.perOut {
		if a.Has(i) && len(a.In(i).Shape) == 1 {
			a.alignedTo(y, In(i, 0))
		}
	}
	switch {
	case group == 1:
		a.Same(x, In(f.w, 1))
	case group == in && out == in:
		a.Same(y, x)
		a.Free(In(f.w, 1))
		a.Follow(Extent{Attr: "group", Ref: x})
	case group == in && out > 0 && out%in == 0:
		a.blockwise(x, y, int(in), int(out/in))
		a.Free(In(f.w, 1))
		a.Follow(Extent{Attr: "group", Ref: x})
	default:
		f.grouped(a, int(group))
	}
	for k := 2; k < len(a.In(f.x).Shape); k++ {
		for _, r := range []Ref{In(f.x, k), Out(0, k), In(f.w, k)} {
			a.Pin(r, a.Node.Op()+" slides over this axis")
		}
	}
	return nil
}

// grouped removes the same local indices in every group: the weight's axis 1
// is shared by all of them, so one index there stands for one in each block
// of the input.
func (f convForm) grouped(a *Axes, group int) {
	per := int(a.Dim(In(f.x, 1)).Or(0)) / group
	for b := range group {
		a.Match(In(f.x, 1), In(f.w, 1), span(b*per, per), span(0, per))
	}
	a.Equal(Out(0, 1), group)
}
