package op

import (
	"fmt"

	"github.com/prunefuse/prunefuse/onnxio"
)

// poolWindow returns the window of a pool, whose kernel is an attribute.
func poolWindow(c *Infer) (*window, error) {
	k := c.Node.Ints("kernel_shape")
	if len(k)+2 != len(c.In(0).Shape) || len(k) == 0 {
		return nil, fmt.Errorf("kernel_shape %v does not fit an input of shape %v", k, c.In(0).Shape)
	}
	return newWindow(c, onnxio.ShapeOf(k...))
}

// knownWindow returns the window of a pool over an image of known extents.
func (g *Grad) knownWindow() (*window, error) {
	w, err := poolWindow(g.Infer)
	if err != nil {
		return nil, err
	}
	in := g.In(0).Shape[2:]
	if !in.Known() {
		return nil, &noGradError{"the extents of the image are not known"}
	}
	return w, w.resolve(in)
}

func poolShape(c *Infer) error {
	w, err := poolWindow(c)
	if err != nil {
		return err
	}
	x := c.In(0).Shape
	s := append(onnxio.Shape{x[0], x[1]}, w.out(x[2:])...)
	c.Out(0, c.In(0).Elem, s)
	c.Out(1, onnxio.Int64, s)
	return nil
}

// globalPoolShape is that of a pool over all positions.
func globalPoolShape(c *Infer) error {
	if err := c.Rank(0, 2); err != nil {
		return err
	}
	s := c.In(0).Shape.Clone()
	for k := 2; k < len(s); k++ {
		s[k] = onnxio.Known(1)
	}
	c.Out(0, c.In(0).Elem, s)
	return nil
}

// poolAxes keeps batch and channels apart from the positions, which it
// slides over.
func poolAxes(a *Axes) error {
	for k := range a.In(0).Shape {
		if k < 2 {
			a.Same(In(0, k), Out(0, k))
			continue
		}
		a.Pin(In(0, k), a.Node.Op()+" slides over this axis")
		a.Pin(Out(0, k), a.Node.Op()+" slides over this axis")
	}
	return nil
}

// overlaps reports whether two windows can hold the same position.
func (w *window) overlaps() bool {
	for i := range w.kernel {
		if w.reach(i) > w.stride[i] {
			return true
		}
	}
	return false
}

// tiles reports whether the windows cover the input exactly, each position
// once.
func (w *window) tiles(in onnxio.Shape) bool {
	for i, d := range in {
		n, ok := d.Value()
		if !ok || w.kernel[i] != w.stride[i] || w.dilation[i] != 1 || w.begin[i] != 0 || w.end[i] != 0 || n%w.kernel[i] != 0 {
			return false
		}
	}
	return true
}

// poolCases are windows on which every pool is checked.
func poolCases() []Case {
	k := func(v ...int64) onnxio.Attr { return onnxio.Ints("kernel_shape", v...) }
	s := func(v ...int64) onnxio.Attr { return onnxio.Ints("strides", v...) }
	p := func(v ...int64) onnxio.Attr { return onnxio.Ints("pads", v...) }
	round := onnxio.Int("ceil_mode", 1)
	return []Case{
		{Name: "2x2", Inputs: []Input{X(2, 3, 4, 6)}, Attrs: attrs(k(2, 2), s(2, 2))},
		{Name: "2x2, row left over", Inputs: []Input{X(2, 3, 5, 6)}, Attrs: attrs(k(2, 2), s(2, 2))},
		{Name: "overlapping", Inputs: []Input{X(2, 3, 7, 8)}, Attrs: attrs(k(3, 3), s(2, 2), p(1, 1, 1, 1))},
		{Name: "stride 1", Inputs: []Input{X(2, 2, 5, 5)}, Attrs: attrs(k(3, 3), p(1, 1, 1, 1))},
		{Name: "apart", Inputs: []Input{X(2, 2, 8, 7)}, Attrs: attrs(k(2, 2), s(3, 3))},
		{Name: "uneven", Inputs: []Input{X(1, 2, 7, 8)}, Attrs: attrs(k(3, 2), s(2, 1), p(0, 1, 1, 0))},
		{Name: "rounded up", Inputs: []Input{X(1, 2, 6, 5)}, Attrs: attrs(k(3, 2), s(2, 2), round)},
		{Name: "rounded up with padding", Inputs: []Input{X(1, 2, 6, 6)}, Attrs: attrs(k(3, 3), s(2, 2), p(1, 1, 1, 1), round)},
		{Name: "rounded up, no window in the padding", Opset: 22, Inputs: []Input{X(1, 2, 5, 5)}, Attrs: attrs(k(2, 2), s(3, 3), p(1, 1, 1, 1), round)},
		{Name: "whole", Inputs: []Input{X(2, 3, 4, 4)}, Attrs: attrs(k(4, 4))},
		{Name: "same upper", Inputs: []Input{X(1, 2, 5, 6)}, Attrs: attrs(k(3, 3), s(2, 2), onnxio.Str("auto_pad", "SAME_UPPER"))},
		{Name: "same lower", Inputs: []Input{X(1, 2, 5, 6)}, Attrs: attrs(k(2, 2), onnxio.Str("auto_pad", "SAME_LOWER"))},
		{Name: "one spatial axis", Inputs: []Input{X(2, 3, 9)}, Attrs: attrs(k(3), s(2))},
		{Name: "three spatial axes", Inputs: []Input{X(1, 2, 4, 4, 4)}, Attrs: attrs(k(2, 2, 2), s(2, 2, 2))},
		{Name: "opset 7", Opset: 7, Inputs: []Input{X(2, 3, 4, 6)}, Attrs: attrs(k(2, 2), s(2, 2))},
		{Name: "opset 19", Opset: 19, Inputs: []Input{X(2, 3, 5, 6)}, Attrs: attrs(k(3, 3), s(2, 2), p(1, 1, 1, 1))},
	}
}
