package op

import (
	"fmt"

	"github.com/prunefuse/prunefuse/onnxio"
)

var pad = Def{
	Type: "Pad", Since: []int64{1, 2, 11, 13, 18, 19, 21, 23},
	Shape: padShape, Axes: padAxes, Grad: padGrad, Cost: free,
	Upgrade: func(u *Upgrade) error {
		if u.From >= 11 {
			return nil
		}
		u.AttrToInput("pads", 1)
		if u.Node.Has("value") {
			v, err := u.Like(u.Node.Float("value", 0), u.In(0).Elem)
			if err != nil {
				return err
			}
			u.Patch.SetInput(u.Node, 2, v)
			u.Patch.DropAttr(u.Node, "value")
		}
		return nil
	},
	Cases: []Case{
		{Name: "image", Inputs: []Input{X(2, 3, 4, 4), I64(0, 0, 1, 2, 0, 0, 3, 1)}},
		{Name: "channels", Inputs: []Input{X(2, 3, 4), I64(0, 2, 0, 0, 3, 0)}},
		{Name: "value", Inputs: []Input{X(2, 3), I64(0, 1, 0, 1), F32([]float32{0.5})}},
		{Name: "cut", Inputs: []Input{X(2, 5), I64(0, -1, 0, 2)}},
		{Name: "reflect", Inputs: []Input{X(2, 5), I64(0, 2, 0, 1)}, Attrs: attrs(onnxio.Str("mode", "reflect"))},
		{Name: "edge", Inputs: []Input{X(2, 5), I64(0, 2, 0, 1)}, Attrs: attrs(onnxio.Str("mode", "edge"))},
		{Name: "axes", Opset: 18, Inputs: []Input{X(2, 3, 4), I64(1, 2), None(), I64(-1)}},
		{Name: "before", Inputs: []Input{X(2, 4), I64(0, 3, 0, 0)}},
		{Name: "cut at both ends", Inputs: []Input{X(2, 9), I64(0, -2, 0, -3)}},
		{Name: "edge, across channels", Inputs: []Input{X(2, 5, 4), I64(0, 0, 2, 0, 0, 1)}, Attrs: attrs(onnxio.Str("mode", "edge"))},
		{Name: "wrap", Opset: 19, Inputs: []Input{X(2, 5), I64(0, 2, 0, 1)}, Attrs: attrs(onnxio.Str("mode", "wrap"))},
		{Name: "reflect, image", Inputs: []Input{X(2, 3, 4, 5), I64(0, 0, 2, 1, 0, 0, 1, 3)}, Attrs: attrs(onnxio.Str("mode", "reflect"))},
		{Name: "edge, all around", Inputs: []Input{X(2, 3, 4, 1), I64(1, 0, 2, 3, 0, 0, 1, 2)}, Attrs: attrs(onnxio.Str("mode", "edge")), Fixed: true},
		{Name: "some axes", Opset: 18, Inputs: []Input{X(2, 3, 4), I64(2, 1, 3, -1), None(), I64(1, -1)}},
		{Name: "at run time", Inputs: []Input{X(2, 3, 4), {Elem: onnxio.Int64, Shape: []int64{6}, Ints: []int64{0, 1, 2, 0, 0, -1}}}, Fixed: true},
		{Name: "value at run time", Inputs: []Input{X(2, 3), {Elem: onnxio.Int64, Shape: []int64{4}, Ints: []int64{0, 1, 0, 2}}, F32([]float32{0.5})}, Fixed: true},
		{Name: "axes at run time", Opset: 18, Inputs: []Input{X(2, 3, 4), {Elem: onnxio.Int64, Shape: []int64{2}, Ints: []int64{1, 2}}, None(), I64(-1)}, Fixed: true},
		{Name: "opset 7", Opset: 7, Inputs: []Input{X(2, 3)}, Attrs: attrs(onnxio.Ints("pads", 0, 1, 0, 2), onnxio.Float("value", 1.5))},
	},
}

// padding is how much is added at the beginning and the end of every axis;
// nil where it is not known to which.
func padding(c *Infer) (begin, end []onnxio.Dim, err error) {
	rank := len(c.In(0).Shape)
	list, known := onnxio.ShapeOf(c.Node.Ints("pads")...), true
	if c.Opset >= 11 {
		list, known = c.Dims(1)
	}
	axes := make([]int64, rank)
	for k := range axes {
		axes[k] = int64(k)
	}
	if c.Opset >= 18 && c.Has(3) && known {
		axes, known = c.Ints(3)
	}
	if !known {
		return nil, nil, nil
	}
	if _, err := axisSet(axes, rank); err != nil {
		return nil, nil, err
	}
	if len(list) != 2*len(axes) {
		return nil, nil, fmt.Errorf("pads %v: want %d values", list, 2*len(axes))
	}
	begin, end = make([]onnxio.Dim, rank), make([]onnxio.Dim, rank)
	for i, a := range axes {
		k, _ := c.In(0).Shape.Axis(a)
		begin[k], end[k] = list[i], list[len(axes)+i]
	}
	return begin, end, nil
}

func padShape(c *Infer) error {
	begin, end, err := padding(c)
	if err != nil {
		return err
	}
	if begin == nil {
		c.Out(0, c.In(0).Elem, nil)
		return nil
	}
	s := c.In(0).Shape.Clone()
	for k := range s {
		more, _ := addDims(begin[k], end[k])
		s[k], _ = addDims(s[k], more)
		if s[k].IsKnown() && s[k].Or(0) < 0 {
			return fmt.Errorf("padding %v and %v leaves nothing of axis %d of %v", begin[k], end[k], k, c.In(0).Shape)
		}
	}
	c.Out(0, c.In(0).Elem, s)
	return nil
}

func padAxes(a *Axes) error {
	begin, end, err := padding(a.Infer)
	if err != nil {
		return err
	}
	if begin == nil {
		a.PinAll("its padding is computed at run time")
		return nil
	}
	for k := range begin {
		in, out := In(0, k), Out(0, k)
		n, known := a.Dim(in).Value()
		mode := a.Node.Str("mode", "constant")
		first, fok := begin[k].Value()
		last, lok := end[k].Value()
		switch {
		case begin[k].Is(0) && end[k].Is(0):
			a.Same(in, out)
		case !fok || !lok:
			a.Pin(in, "its padding is computed at run time")
			a.Pin(out, "its padding is computed at run time")
		case mode != "constant" || !known:
			why := fmt.Sprintf("it is padded in mode %s, by what stands elsewhere along it", mode)
			a.Pin(in, why)
			a.Pin(out, why)
		default:
			a.padded(k, int(n), int(first), int(last))
		}
	}
	return nil
}

// padded says that axis k is the n positions of the input with others before
// and after. A negative number takes positions away instead.
func (a *Axes) padded(k, n, begin, end int) {
	in, out := In(0, k), Out(0, k)
	from, to := max(-begin, 0), n+min(end, 0)
	a.Match(in, out, span(from, max(to-from, 0)), span(max(begin, 0), max(to-from, 0)))
	first, last := a.padAt(k)
	count := func(index, pad int, e Extent) {
		if pad == 0 {
			return
		}
		e.Input, e.Index, e.Factor = 1, index, 1
		if pad < 0 {
			e.Factor = -1
		}
		if a.Opset < 11 {
			e.Attr, e.List, e.Input = "pads", true, 0
		}
		a.Follow(e)
	}
	if begin > 0 {
		count(first, begin, Extent{Ref: out, To: begin})
	} else {
		count(first, begin, Extent{Ref: in, To: -begin})
	}
	if end > 0 {
		count(last, end, Extent{Ref: out, From: begin + n, To: begin + n + end})
	} else {
		count(last, end, Extent{Ref: in, From: n + end, To: n})
	}
}

// padAt returns where the pads of axis k stand in their list.
func (a *Axes) padAt(k int) (begin, end int) {
	axes, ok := a.Ints(3)
	if a.Opset < 18 || !ok {
		return k, len(a.In(0).Shape) + k
	}
	for i, v := range axes {
		if at, _ := a.In(0).Shape.Axis(v); at == k {
			begin, end = i, len(axes)+i
		}
	}
	return begin, end
}
