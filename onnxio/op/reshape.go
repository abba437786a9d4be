package op

import (
	"fmt"

	"github.com/prunefuse/prunefuse/onnxio"
)

var reshape = Def{
	Type: "Reshape", Since: []int64{1, 5, 13, 14, 19, 21, 23},
	Zero:  zeroAtZero,
	Shape: carrying(reshapeShape), Axes: reshapeAxes, Grad: reshaped, Cost: free,
	Cases: []Case{
		{Name: "flatten", Inputs: []Input{X(2, 3, 4), I64(2, -1)}, Fixed: true},
		{Name: "copied and worked out", Inputs: []Input{X(2, 12, 5), I64(0, 3, -1, 5)}},
		{Name: "merge the batch", Inputs: []Input{X(2, 3, 4), I64(-1, 4)}},
		{Name: "split channels", Inputs: []Input{X(2, 6, 4), I64(-1, 2, 3, 4)}},
		{Name: "with ones", Inputs: []Input{X(2, 3, 1, 4), I64(0, 1, 3, -1, 1)}},
		{Name: "across", Inputs: []Input{X(2, 6, 4), I64(-1, 8, 3)}},
		{Name: "to one element", Inputs: []Input{X(1), {Elem: onnxio.Int64, Shape: []int64{0}, Ints: []int64{}, Const: true}}},
		{Name: "of a shape", Inputs: []Input{I64(3, 4), I64(-1)}},
		{Name: "at run time", Inputs: []Input{X(2, 6), {Elem: onnxio.Int64, Shape: []int64{2}, Ints: []int64{3, 4}}}, Fixed: true},
		{Name: "zero allowed", Inputs: []Input{X(0, 3), I64(3, 0)}, Attrs: attrs(onnxio.Int("allowzero", 1)), Fixed: true},
		{Name: "opset 7", Opset: 7, Inputs: []Input{X(2, 3, 1, 1), I64(0, 3)}},
	},
}

func reshapeShape(c *Infer) error {
	want, ok := c.Dims(1)
	if !ok {
		c.Out(0, c.In(0).Elem, nil)
		return nil
	}
	in := c.In(0).Shape
	out := make(onnxio.Shape, len(want))
	open := -1
	rest := onnxio.Known(1)
	for i, d := range want {
		switch {
		case d.Is(-1):
			if open >= 0 {
				return fmt.Errorf("shape %v leaves two extents open", onnxio.Shape(want))
			}
			open = i
			continue
		case d.Is(0) && c.Node.Int("allowzero", 0) == 0:
			if i >= len(in) {
				return fmt.Errorf("shape %v copies axis %d of %v", onnxio.Shape(want), i, in)
			}
			d = in[i]
		case d.IsKnown() && d.Or(0) < 0:
			return fmt.Errorf("shape %v has a negative extent", onnxio.Shape(want))
		}
		out[i] = d
		rest = rest.Mul(d)
	}
	total := in.Size()
	if open >= 0 {
		q, ok := total.Div(rest)
		if !ok {
			if total.IsKnown() && rest.IsKnown() {
				return fmt.Errorf("shape %v does not hold the %v elements of %v", onnxio.Shape(want), total, in)
			}
			q = onnxio.Symbol(fmt.Sprintf("(%v)/(%v)", total, rest))
		}
		out[open] = q
	} else if total.IsKnown() && rest.IsKnown() && total != rest {
		return fmt.Errorf("shape %v does not hold the %v elements of %v", onnxio.Shape(want), total, in)
	}
	c.Out(0, c.In(0).Elem, out)
	return nil
}

// reshapeAxes matches runs of axes that hold as many elements before and
// after.
func reshapeAxes(a *Axes) error {
	want, ok := a.Dims(1)
	if !ok {
		a.PinAll("its shape is computed at run time")
		return nil
	}
	a.regroupRuns()
	for i, d := range want {
		// A copied extent follows by itself where the axis is its own image.
		copied := d.Is(0) && a.Node.Int("allowzero", 0) == 0
		if !d.Is(-1) && !(copied && a.linked(In(0, i), Out(0, i))) {
			a.Follow(Extent{Input: 1, Index: i, Ref: Out(0, i), Rest: true})
		}
	}
	return nil
}

// linked reports whether the rule has said that two axes are the same.
func (a *Axes) linked(x, y Ref) bool {
	for _, l := range a.Links {
		if l.AI == nil && l.A == x && l.B == y {
			return true
		}
	}
	return false
}

// regroupRuns reads the axes of input 0 row-major as those of output 0: the
// shortest runs of equal product belong together.
func (a *Axes) regroupRuns() {
	in, out := a.In(0).Shape, a.OutType(0).Shape
	i, j := 0, 0
	for i < len(in) || j < len(out) {
		one := func(s onnxio.Shape, k int) bool { return k < len(s) && s[k].Is(1) }
		switch {
		case one(in, i) && one(out, j):
			a.Same(In(0, i), Out(0, j))
			i, j = i+1, j+1
			continue
		case one(in, i):
			a.Free(In(0, i))
			i++
			continue
		case one(out, j):
			a.Free(Out(0, j))
			j++
			continue
		}
		from, to := run(in, out, i, j)
		a.join(i, from, j, to)
		i, j = from, to
	}
}

// run finds where the shortest runs that begin at axes i of x and j of y and
// hold as many elements end. Extents that cannot be compared make the rest
// of both one run.
func run(x, y onnxio.Shape, i, j int) (int, int) {
	if i >= len(x) || j >= len(y) {
		return len(x), len(y)
	}
	p, q := x[i], y[j]
	i, j = i+1, j+1
	for p != q {
		small := false // whether p must grow
		if _, ok := q.Div(p); ok {
			small = true
		} else if _, ok := p.Div(q); !ok {
			a, aok := p.Value()
			b, bok := q.Value()
			if !aok || !bok {
				return len(x), len(y)
			}
			small = a < b
		}
		switch {
		case small && i < len(x):
			p = p.Mul(x[i])
			i++
		case !small && j < len(y):
			q = q.Mul(y[j])
			j++
		default:
			return len(x), len(y)
		}
	}
	return i, j
}

// join says that axes i..from of input 0 are axes j..to of output 0.
func (a *Axes) join(i, from, j, to int) {
	if from-i == 1 && to-j == 1 {
		a.Same(In(0, i), Out(0, j))
		return
	}
	var x, y []Ref
	for ; i < from; i++ {
		x = append(x, In(0, i))
	}
	for ; j < to; j++ {
		y = append(y, Out(0, j))
	}
	if len(x) == 0 || len(y) == 0 {
		for _, r := range append(x, y...) {
			a.Pin(r, "the shapes before and after cannot be compared")
		}
		return
	}
	a.Regroup(x, y)
}
