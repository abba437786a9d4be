package op

import "github.com/prunefuse/prunefuse/onnxio"

var expand = Def{
	Type: "Expand", Since: []int64{8, 13},
	Zero: zeroAtZero,
	Shape: func(c *Infer) error {
		to, ok := c.Dims(1)
		if !ok {
			c.Out(0, c.In(0).Elem, nil)
			return nil
		}
		s, err := Broadcast(c.In(0).Shape, to)
		if err != nil {
			return err
		}
		c.Out(0, c.In(0).Elem, s)
		return nil
	},
	Axes: expandAxes, Cost: free,
	Grad: func(g *Grad) error {
		if g.OutType(0).Shape == nil {
			return &noGradError{"its shape is computed at run time"}
		}
		g.GIBroadcast(0, g.GO(0))
		return nil
	},
	Cases: []Case{
		{Name: "channels", Inputs: []Input{X(2, 1, 3), I64(1, 4, 1)}},
		{Name: "more axes", Inputs: []Input{X(3, 1), I64(2, 1, 4)}},
		{Name: "fewer axes", Inputs: []Input{X(2, 1, 3), I64(4, 1)}},
		{Name: "nothing", Inputs: []Input{X(2, 3), I64(1)}},
		{Name: "at run time", Inputs: []Input{X(2, 1), {Elem: onnxio.Int64, Shape: []int64{2}, Ints: []int64{2, 4}}}, Fixed: true},
		{Name: "to the same", Inputs: []Input{X(2, 5), I64(2, 5)}, Fixed: true},
		{Name: "opset 8", Opset: 8, Inputs: []Input{X(1, 3), I64(5, 3)}},
	},
}

func expandAxes(a *Axes) error {
	out, in := a.OutType(0).Shape, a.In(0).Shape
	off := len(out) - len(in)
	to, _ := a.Dims(1)
	for k, d := range out {
		copied := k >= off && (!in[k-off].Is(1) || d.Is(1))
		if copied {
			a.Same(In(0, k-off), Out(0, k))
		} else {
			a.Free(Out(0, k))
			if k >= off {
				a.Free(In(0, k-off))
			}
		}
		// A 1 copies, and so does a shape that is too short.
		if i := k - (len(out) - len(to)); to == nil || (i >= 0 && !to[i].Is(1)) {
			a.sized(Out(0, k), 1, i)
		}
	}
	return nil
}

// sized says that element i of an integer input is an axis's extent. Where
// inference cannot tell what the element is, the axis keeps its extent.
func (a *Axes) sized(r Ref, input, i int) {
	v, ok := a.Dims(input)
	switch {
	case ok && v[i].IsKnown():
		a.Follow(Extent{Input: input, Index: i, Ref: r})
	case a.Dim(r).IsKnown():
		a.Pin(r, "its extent is computed at run time")
	}
}
