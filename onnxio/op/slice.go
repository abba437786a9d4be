package op

import (
	"fmt"
	"math"

	"github.com/prunefuse/prunefuse/onnxio"
)

var slice = Def{
	Type: "Slice", Since: []int64{1, 10, 11, 13},
	Zero:  zeroAtZero,
	Shape: sliceShape, Axes: sliceAxes, Grad: sliceGrad, Cost: free,
	Upgrade: func(u *Upgrade) error {
		if u.From < 10 {
			u.AttrToInput("starts", 1)
			u.AttrToInput("ends", 2)
			u.AttrToInput("axes", 3)
		}
		return nil
	},
	Cases: []Case{
		{Name: "range", Inputs: []Input{X(2, 6, 5), I64(1, 2), I64(4, 9), I64(1, 2)}},
		{Name: "every second", Inputs: []Input{X(2, 3, 6, 7), I64(0, 0), I64(math.MaxInt64, math.MaxInt64), I64(2, 3), I64(2, 2)}},
		{Name: "every third but one", Inputs: []Input{X(2, 11), I64(1), I64(10), I64(1), I64(3)}},
		{Name: "from the end", Inputs: []Input{X(2, 6), I64(-3), I64(-1), I64(-1)}},
		{Name: "backwards", Inputs: []Input{X(2, 6), I64(-1), I64(math.MinInt64), I64(1), I64(-1)}},
		{Name: "backwards in steps", Inputs: []Input{X(2, 7), I64(5), I64(0), I64(1), I64(-2)}},
		{Name: "batch", Inputs: []Input{X(4, 3), I64(1), I64(math.MaxInt64), I64(0)}},
		{Name: "every second sample", Inputs: []Input{X(5, 3), I64(0), I64(math.MaxInt64), I64(0), I64(2)}},
		{Name: "every third sample but one", Inputs: []Input{X(6, 3), I64(1), I64(math.MaxInt64), I64(0), I64(3)}},
		{Name: "all but the last sample", Inputs: []Input{X(5, 3), I64(1), I64(-1), I64(0)}},
		{Name: "whole batch", Inputs: []Input{X(4, 3), I64(0), I64(math.MaxInt64), I64(0)}},
		{Name: "all axes", Inputs: []Input{X(2, 3), I64(0, 1), I64(2, 3)}, Fixed: true},
		{Name: "of a shape", Inputs: []Input{I64(2, 3, 4, 5), I64(1), I64(3)}},
		{Name: "middle", Inputs: []Input{X(2, 9), I64(0, 2), I64(math.MaxInt64, -3), I64(0, 1)}},
		{Name: "last", Inputs: []Input{X(2, 9), I64(-4), I64(math.MaxInt64), I64(1)}},
		{Name: "up to a length", Inputs: []Input{X(2, 9), I64(0), I64(9), I64(1)}},
		{Name: "two of four axes", Inputs: []Input{X(2, 7, 3, 5), I64(2, -4), I64(6, -1), I64(1, 3)}},
		{Name: "int32", Inputs: []Input{X(2, 6), I32(1), I32(4), I32(1), I32(2)}},
		{Name: "turned round, of pads", Inputs: []Input{constIndex([]int64{1, 2, 3, 4, 5, 6}, 3, 2), I64(-1), I64(math.MinInt64), I64(0), I64(-1)}},
		{Name: "opset 7", Opset: 7, Inputs: []Input{X(2, 6)}, Attrs: attrs(onnxio.Ints("starts", 1), onnxio.Ints("ends", -1), onnxio.Ints("axes", 1))},
		{Name: "opset 7, all axes", Opset: 7, Inputs: []Input{X(2, 6)}, Attrs: attrs(onnxio.Ints("starts", 0, -3), onnxio.Ints("ends", math.MaxInt64, math.MaxInt64))},
	},
}

// cut is what a Slice takes of one axis: the positions start, start+step, …
// before end. It is exact where they are numbers.
type cut struct {
	axis             int
	start, end, step int64
	exact            bool
	extent           onnxio.Dim
	whole            bool // every position, in order
	open             bool // it goes to the end, whatever the extent
}

// sliceCuts reads a Slice; nil where its axes are not known.
func sliceCuts(c *Infer) ([]cut, error) {
	lists := [4][]onnxio.Dim{}
	for i, name := range []string{"starts", "ends", "axes", "steps"} {
		if c.Opset < 10 {
			if v := c.Node.Ints(name); v != nil {
				lists[i] = onnxio.ShapeOf(v...)
			}
		} else if c.Has(i + 1) {
			v, ok := c.Dims(i + 1)
			if !ok && i >= 2 {
				return nil, nil
			}
			lists[i] = v
		}
	}
	n := max(len(lists[0]), len(lists[1]))
	axes := make([]int64, n)
	for i := range axes {
		axes[i] = int64(i)
	}
	if lists[2] != nil {
		var ok bool
		if axes, ok = onnxio.Shape(lists[2]).Ints(); !ok {
			return nil, nil
		}
	}
	if _, err := axisSet(axes, len(c.In(0).Shape)); err != nil {
		return nil, err
	}
	cuts := make([]cut, len(axes))
	for i := range cuts {
		k, _ := c.In(0).Shape.Axis(axes[i])
		cuts[i] = cut{axis: k, step: 1, extent: c.unknown(0, k)}
		step := onnxio.Known(1)
		if i < len(lists[3]) {
			step = lists[3][i]
		}
		if step.Is(0) {
			return nil, fmt.Errorf("step 0 along axis %d", k)
		}
		if i < len(lists[0]) && i < len(lists[1]) {
			cuts[i].resolve(c.In(0).Shape[k], lists[0][i], lists[1][i], step)
		}
	}
	return cuts, nil
}

// resolve works the positions out against the extent d of the axis.
func (t *cut) resolve(d, start, end, step onnxio.Dim) {
	a, aok := start.Value()
	s, sok := step.Value()
	if !aok || !sok {
		return
	}
	t.step = s
	b, bok := end.Value()
	n, nok := d.Value()
	if (!bok && end == d) || (bok && s > 0 && b >= math.MaxInt32) {
		b, bok, t.open = math.MaxInt64, true, true
	}
	if !bok {
		return
	}
	if !nok {
		t.symbolic(d, a, b, s)
		return
	}
	if n == 0 {
		t.exact, t.extent, t.whole = true, d, s == 1
		return
	}
	low, high := int64(0), n
	if s < 0 {
		low, high = -1, n-1
	}
	bound := func(v int64) int64 {
		if v < 0 {
			v = max(v, math.MinInt64+n) + n
		}
		return min(max(v, low), high)
	}
	t.start, t.end, t.exact = max(bound(a), 0), bound(b), true
	m := int64(0)
	if s > 0 && t.end > t.start {
		m = (t.end - t.start + s - 1) / s
	}
	if s < 0 && t.start > t.end {
		m = (t.start - t.end - s - 1) / -s
	}
	t.extent = onnxio.Known(m)
	t.whole = s == 1 && m == n
}

// symbolic handles the cuts of an axis of unknown extent that only leave out
// a fixed number at either end.
func (t *cut) symbolic(d onnxio.Dim, a, b, s int64) {
	if a < 0 || s < 1 || (b >= 0 && b != math.MaxInt64) {
		return
	}
	rest := d
	if b < 0 {
		a -= b
	}
	if a > 0 {
		rest = d.Apply(fmt.Sprintf("(%%-%d)", a), nil)
	}
	t.whole = a == 0 && s == 1
	if s > 1 {
		rest = rest.Apply(fmt.Sprintf("ceil(%%/%d)", s), nil)
	}
	t.extent = rest
}

func sliceShape(c *Infer) error {
	cuts, err := sliceCuts(c)
	if err != nil {
		return err
	}
	if cuts == nil {
		c.Out(0, c.In(0).Elem, nil)
		return nil
	}
	s := c.In(0).Shape.Clone()
	for _, t := range cuts {
		s[t.axis] = t.extent
	}
	c.Out(0, c.In(0).Elem, s)
	start, step := make([]int64, len(s)), make([]int64, len(s))
	for k := range step {
		step[k] = 1
	}
	for _, t := range cuts {
		if !t.exact {
			return nil
		}
		start[t.axis], step[t.axis] = t.start, t.step
	}
	c.rearrange(func(k int, at []int64) int64 { return start[k] + at[k]*step[k] })
	return nil
}

func sliceAxes(a *Axes) error {
	cuts, err := sliceCuts(a.Infer)
	if err != nil {
		return err
	}
	if cuts == nil {
		a.PinAll("which axes it takes a part of is computed at run time")
		return nil
	}
	part := map[int]bool{}
	for i, t := range cuts {
		if !t.whole {
			part[t.axis] = true
			a.part(i, t)
		}
	}
	for k := range a.In(0).Shape {
		if !part[k] {
			a.Same(In(0, k), Out(0, k))
		}
	}
	return nil
}

// part says what becomes of an axis of which cut i takes a part: one that
// begins and ends anywhere is rewritten to begin and end where its positions
// have gone, and of another list the positions are told one by one.
func (a *Axes) part(i int, t cut) {
	in, out := In(0, t.axis), Out(0, t.axis)
	n, known := a.Dim(in).Value()
	m := t.extent.Or(0)
	if !t.exact || !known || m == 0 {
		a.Pin(in, "the part that is taken of it is computed at run time or empty")
		a.Pin(out, "the part that is taken is computed at run time or empty")
		return
	}
	at := make([]int, m)
	for j := range at {
		at[j] = int(t.start + int64(j)*t.step)
	}
	switch {
	case t.step == 1:
		a.Match(in, out, at, span(0, len(at)))
		if t.start > 0 {
			a.Follow(a.bound("starts", 1, i, in, t.start))
		}
		if !t.open {
			a.Follow(a.bound("ends", 2, i, in, t.end))
		}
	case t.step == -1 && m == n:
		a.Match(in, out, at, span(0, len(at))) // all of it, backwards, at any extent
	default:
		a.Take(Taken{In: in, Out: out, At: at, Whole: []Element{
			{Input: 1, Index: i, Value: 0}, {Input: 2, Index: i, Value: math.MaxInt64}, {Input: 4, Index: i, Value: 1},
		}})
	}
}

// bound returns a number of a Slice that follows the positions of an axis
// before at.
func (a *Axes) bound(attr string, input, i int, r Ref, at int64) Extent {
	if a.Opset < 10 {
		return Extent{Attr: attr, List: true, Index: i, Ref: r, To: int(at)}
	}
	return Extent{Input: input, Index: i, Ref: r, To: int(at)}
}

// sliceGrad puts the gradient back in place among zeros. Steps above one are
// padded apart first; steps below zero are turned round.
func sliceGrad(g *Grad) error {
	cuts, err := sliceCuts(g.Infer)
	if err != nil {
		return err
	}
	if cuts == nil {
		return &noGradError{"what it takes is computed at run time"}
	}
	dy := g.GO(0)
	shape := g.OutType(0).Shape.Clone()
	pads := make([]int64, 2*len(shape))
	padded := false
	for _, t := range cuts {
		if t.whole {
			continue
		}
		n, ok := g.In(0).Shape[t.axis].Value()
		if !ok || !t.exact {
			return &noGradError{"it takes a part of an axis of unknown extent"}
		}
		m := t.extent.Or(0)
		first := t.start
		if t.step < 0 {
			first = t.start + (m-1)*t.step
			dy = g.Slice(dy, []int64{-1}, []int64{math.MinInt64}, []int64{int64(t.axis)}, []int64{-1})
		}
		apart := max(t.step, -t.step)
		dy = g.apart(dy, shape, t.axis, apart)
		shape[t.axis] = onnxio.Known(m * apart)
		pads[t.axis] = first
		pads[len(shape)+t.axis] = n - first - m*apart
		padded = true
	}
	if padded {
		dy = g.Pad(dy, pads...)
	}
	g.GI(0, dy)
	return nil
}

// apart puts step−1 zeros after every position of an axis of x.
func (g *Grad) apart(x string, shape onnxio.Shape, axis int, step int64) string {
	if step == 1 {
		return x
	}
	rank := len(shape)
	pads := make([]int64, 2*(rank+1))
	pads[rank+1+axis+1] = step - 1
	spread := g.Pad(g.Op("Unsqueeze", []string{x, g.List(int64(axis + 1))}), pads...)
	to := make([]int64, rank) // 0 copies the axes before; those after are known or worked out
	for k := range to {
		n, known := shape[k].Value()
		switch {
		case k == axis:
			to[k] = n * step
		case k < axis:
		case known:
			to[k] = n
		default:
			to[k] = -1
		}
	}
	return g.Reshape(spread, to...)
}
