package op

import (
	"fmt"
	"slices"

	"github.com/prunefuse/prunefuse/onnxio"
)

var convTranspose = Def{
	Type: "ConvTranspose", Since: []int64{1, 11, 22},
	Zero:  [][]int{{1, 2}, {0, 2}},
	Shape: convTransposeShape, Axes: convTransposeAxes, Grad: convTransposeGrad,
	Linear: &Linear{Bias: 2, Axis: 1, Product: convTransposeProduct},
	// One multiply-accumulate for each weight and input position.
	Cost: func(c *Infer) onnxio.Dim { return c.In(0).Shape.Size().Mul(c.In(1).Shape[1:].Size()) },
	Cases: []Case{
		{Name: "3x3", Inputs: []Input{X(2, 3, 4, 5), W(3, 4, 3, 3), W(4)}, Attrs: pads(1, 1, 1, 1)},
		{Name: "no bias", Inputs: []Input{X(2, 3, 4, 5), W(3, 4, 2, 2)}},
		{Name: "1x1", Inputs: []Input{X(2, 3, 4, 4), W(3, 5, 1, 1), W(5)}},
		{Name: "stride 2", Inputs: []Input{X(2, 3, 4, 5), W(3, 4, 2, 2), W(4)}, Attrs: attrs(onnxio.Ints("strides", 2, 2))},
		{Name: "output padding", Inputs: []Input{X(2, 3, 4, 5), W(3, 2, 3, 3)}, Attrs: pads(1, 1, 1, 1, onnxio.Ints("strides", 2, 2), onnxio.Ints("output_padding", 1, 1))},
		{Name: "output padding without padding", Inputs: []Input{X(2, 3, 4, 5), W(3, 2, 3, 3)}, Attrs: attrs(onnxio.Ints("strides", 3, 2), onnxio.Ints("output_padding", 2, 1))},
		{Name: "dilated", Inputs: []Input{X(1, 2, 4, 5), W(2, 3, 3, 2)}, Attrs: pads(1, 0, 2, 1, onnxio.Ints("dilations", 2, 2))},
		{Name: "stride beyond kernel", Inputs: []Input{X(1, 2, 4, 3), W(2, 3, 2, 2)}, Attrs: attrs(onnxio.Ints("strides", 3, 3))},
		{Name: "groups", Inputs: []Input{X(2, 4, 3, 3), W(4, 3, 3, 3), W(6)}, Attrs: pads(1, 1, 1, 1, onnxio.Int("group", 2))},
		{Name: "depthwise", Inputs: []Input{X(2, 4, 3, 3), W(4, 1, 2, 2), W(4)}, Attrs: attrs(onnxio.Ints("strides", 2, 2), onnxio.Int("group", 4))},
		{Name: "depth multiplier", Inputs: []Input{X(2, 3, 3, 3), W(3, 2, 2, 2), W(6)}, Attrs: attrs(onnxio.Int("group", 3))},
		{Name: "output shape", Inputs: []Input{X(1, 2, 3, 3), W(2, 3, 3, 3)}, Attrs: attrs(onnxio.Ints("strides", 2, 2), onnxio.Ints("output_shape", 6, 6))},
		{Name: "output shape, same upper", Inputs: []Input{X(1, 2, 3, 3), W(2, 3, 3, 3)}, Attrs: attrs(onnxio.Ints("strides", 2, 2), onnxio.Ints("output_shape", 6, 6), onnxio.Str("auto_pad", "SAME_UPPER"))},
		{Name: "output shape and padding", Inputs: []Input{X(1, 2, 3, 3), W(2, 3, 3, 3)}, Attrs: attrs(onnxio.Ints("strides", 2, 2), onnxio.Ints("output_shape", 7, 8), onnxio.Ints("output_padding", 0, 1))},
		{Name: "same upper", Inputs: []Input{X(1, 2, 3, 4), W(2, 3, 3, 3)}, Attrs: attrs(onnxio.Ints("strides", 2, 2), onnxio.Str("auto_pad", "SAME_UPPER"))},
		{Name: "same lower", Inputs: []Input{X(1, 2, 3, 4), W(2, 3, 4, 3)}, Attrs: attrs(onnxio.Ints("strides", 2, 1), onnxio.Str("auto_pad", "SAME_LOWER"))},
		{Name: "valid", Inputs: []Input{X(1, 2, 3, 4), W(2, 3, 3, 3)}, Attrs: attrs(onnxio.Str("auto_pad", "VALID"))},
		{Name: "one spatial axis", Inputs: []Input{X(2, 3, 5), W(3, 4, 3), W(4)}, Attrs: pads(1, 1, onnxio.Ints("strides", 2))},
		{Name: "three spatial axes", Inputs: []Input{X(1, 2, 3, 2, 3), W(2, 3, 2, 2, 2)}, Attrs: attrs(onnxio.Ints("strides", 2, 2, 2))},
		{Name: "opset 7", Opset: 7, Inputs: []Input{X(2, 3, 4, 5), W(3, 4, 2, 2), W(4)}},
		{Name: "opset 22", Opset: 22, Inputs: []Input{X(2, 3, 4, 5), W(3, 4, 2, 2), W(4)}},
	},
}

// spreading is the window of a transposed convolution: what a convolution
// reads from, it adds to.
type spreading struct {
	*window
	extra []int64 // output_padding: added at the end
	want  []int64 // output_shape, where it is given
}

func newSpreading(c *Infer) (*spreading, error) {
	x, w := c.In(0).Shape, c.In(1).Shape
	if len(x) < 3 || len(w) != len(x) {
		return nil, fmt.Errorf("input %v and weight %v: want [N,C,spatial…] and [C,M/group,kernel…] of one rank", x, w)
	}
	win, err := newWindow(c, w[2:])
	if err != nil {
		return nil, err
	}
	n := len(win.kernel)
	s := &spreading{win, c.Node.Ints("output_padding"), c.Node.Ints("output_shape")}
	if s.extra == nil {
		s.extra = make([]int64, n)
	}
	if len(s.extra) != n || (s.want != nil && len(s.want) != n) {
		return nil, fmt.Errorf("output_padding %v and output_shape %v: want %d values", s.extra, s.want, n)
	}
	for i, e := range s.extra {
		if e < 0 || e >= win.stride[i] {
			return nil, fmt.Errorf("output_padding %v: want less than the strides %v", s.extra, win.stride)
		}
	}
	return s, nil
}

// full is what the windows of n positions cover, with the padding at the end
// that output_padding asks for.
func (s *spreading) full(i int, n int64) int64 {
	return (n-1)*s.stride[i] + s.reach(i) + s.extra[i]
}

// out returns the extents of the output over the given input extents.
func (s *spreading) out(in onnxio.Shape) onnxio.Shape {
	out := make(onnxio.Shape, len(in))
	for i, d := range in {
		switch {
		case s.want != nil:
			out[i] = onnxio.Known(s.want[i])
		case s.auto != "":
			out[i] = d.Mul(onnxio.Known(s.stride[i]))
		default:
			cut := s.begin[i] + s.end[i]
			formula := fmt.Sprintf("(%d*%%+%d)", s.stride[i], s.full(i, 0)-cut)
			out[i] = d.Apply(formula, func(n int64) int64 { return s.full(i, n) - cut })
		}
	}
	return out
}

// resolve works out how much is cut off where the output's extents are given
// instead.
func (s *spreading) resolve(in onnxio.Shape) error {
	if s.auto == "" && s.want == nil {
		return nil
	}
	out := s.out(in)
	for i, d := range in {
		n, ok := d.Value()
		if !ok {
			return fmt.Errorf("the padding follows from the input's extents, of which axis %d is %v", i+2, d)
		}
		total := max(s.full(i, n)-out[i].Or(0), 0)
		s.begin[i], s.end[i] = total-total/2, total/2
		if s.auto == "SAME_UPPER" {
			s.begin[i], s.end[i] = s.end[i], s.begin[i]
		}
	}
	return nil
}

func convTransposeShape(c *Infer) error {
	win, err := newSpreading(c)
	if err != nil {
		return err
	}
	x, w := c.In(0).Shape, c.In(1).Shape
	group := c.Node.Int("group", 1)
	if group < 1 || (w[0].IsKnown() && w[0].Or(0)%group != 0) {
		return fmt.Errorf("group %d does not divide the %v input channels", group, w[0])
	}
	if x[1].IsKnown() && w[0].IsKnown() && x[1] != w[0] {
		return fmt.Errorf("input has %v channels, weight %v wants %v", x[1], w, w[0])
	}
	if c.Has(2) && len(c.In(2).Shape) != 1 {
		return fmt.Errorf("bias %v: want one axis", c.In(2).Shape)
	}
	out := win.out(x[2:])
	for i, d := range out {
		if d.IsKnown() && d.Or(0) < 0 {
			return fmt.Errorf("nothing is left of axis %d of %v", i+2, x)
		}
	}
	c.Out(0, c.In(0).Elem, append(onnxio.Shape{x[0], w[1].Mul(onnxio.Known(group))}, out...))
	return nil
}

func convTransposeAxes(a *Axes) error {
	group := int(a.Node.Int("group", 1))
	in, per := int(a.Dim(In(0, 1)).Or(0)), int(a.Dim(In(1, 1)).Or(0))
	a.Same(In(0, 0), Out(0, 0))
	a.Same(In(0, 1), In(1, 0))
	a.Same(Out(0, 1), In(2, 0))
	switch {
	case group == 1:
		a.Same(Out(0, 1), In(1, 1))
	case group == in && per == 1:
		a.Same(Out(0, 1), In(0, 1))
		a.Free(In(1, 1))
		a.Follow(Extent{Attr: "group", Ref: In(0, 1)})
	case group == in:
		a.blockwise(In(0, 1), Out(0, 1), in, per)
		a.Pin(In(1, 1), "it is repeated for every input channel")
		a.Follow(Extent{Attr: "group", Ref: In(0, 1)})
	default:
		a.Equal(In(0, 1), group)
		for b := range group {
			a.Match(Out(0, 1), In(1, 1), span(b*per, per), span(0, per))
		}
	}
	for k := 2; k < len(a.In(0).Shape); k++ {
		for _, r := range []Ref{In(0, k), Out(0, k), In(1, k)} {
			a.Pin(r, "ConvTranspose slides over this axis")
		}
	}
	return nil
}

// convTransposeGrad is the convolution that the operator transposes: of the
// output's gradient for the input, and its weight gradient with input and
// gradient in each other's place.
func convTransposeGrad(g *Grad) error {
	shape, ok := g.In(1).Shape.Ints()
	if !ok || !g.In(0).Shape[1:].Known() {
		return &noGradError{fmt.Sprintf("the extents of its input %v and weight %v must be known, the batch apart", g.In(0).Shape, g.In(1).Shape)}
	}
	s, err := newSpreading(g.Infer)
	if err != nil {
		return err
	}
	in, out := g.In(0).Shape[2:], g.OutType(0).Shape[2:].Clone()
	if err := s.resolve(in); err != nil {
		return err
	}
	s.auto = ""
	n := len(s.kernel)
	dy := g.GO(0)
	if g.Needs(2) {
		axes := []int64{0}
		for k := range n {
			axes = append(axes, int64(k+2))
		}
		g.GI(2, g.Sum(dy, false, axes...))
	}
	// Rows that only output_padding makes hold nothing of the input.
	back := make([]int64, 2*(n+2))
	cut := false
	for i := range n {
		s.end[i] -= s.extra[i]
		if s.end[i] < 0 {
			back[n+4+i], cut = s.end[i], true
			out[i] = onnxio.Known(out[i].Or(0) + s.end[i])
			s.end[i] = 0
		}
	}
	if cut {
		dy = g.Pad(dy, back...)
	}
	group := g.Node.Int("group", 1)
	spread := onnxio.Type{Elem: g.In(0).Elem, Shape: append(g.OutType(0).Shape[:2].Clone(), out...)}
	if attrs, ok := nativeConv(g.Emit, spread, s.window, group); ok {
		if g.Needs(0) {
			g.GI(0, g.Native("Conv", []string{dy, g.I(1)}, attrs...))
		}
		if g.Needs(1) {
			g.GI(1, g.Native("ConvWeightGrad", []string{dy, g.I(0)}, append(slices.Clone(attrs), onnxio.Ints("kernel_shape", s.kernel...))...))
		}
		return nil
	}
	if g.Needs(0) {
		g.GI(0, g.Op("Conv", []string{dy, g.I(1)},
			onnxio.Ints("kernel_shape", s.kernel...), onnxio.Ints("strides", s.stride...), onnxio.Ints("dilations", s.dilation...),
			onnxio.Ints("pads", append(append([]int64{}, s.begin...), s.end...)...), onnxio.Int("group", group)))
	}
	if g.Needs(1) {
		g.GI(1, convWeightGrad(g, &correlation{s.window, dy, g.I(0), out, shape, group}))
	}
	return nil
}
