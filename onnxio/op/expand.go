package op

var expand = Def{
	Type: "Expand", Since: []int64{8, 13},
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
		g.GIBroadcast(0, g.GO(0))
		return nil
	},
	Cases: []Case{
		{Name: "channels", Inputs: []Input{X(2, 1, 3), I64(1, 4, 1)}},
		{Name: "more axes", Inputs: []Input{X(3, 1), I64(2, 1, 4)}},
		{Name: "fewer axes", Inputs: []Input{X(2, 1, 3), I64(4, 1)}},
		{Name: "nothing", Inputs: []Input{X(2, 3), I64(1)}},
		{Name: "opset 8", Opset: 8, Inputs: []Input{X(1, 3), I64(5, 3)}},
	},
}

func expandAxes(a *Axes) error {
	out, in := a.OutType(0).Shape, a.In(0).Shape
	off := len(out) - len(in)
	t, _ := a.Graph.Constant(a.Node.Input(1))
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
		switch {
		case t == nil:
			if a.Dim(Out(0, k)).IsKnown() && !a.followsExpand(k, len(out)) {
				a.Pin(Out(0, k), "its extent is computed from numbers in the graph")
			}
		case k >= len(out)-int(t.Len()):
			if i := k - (len(out) - int(t.Len())); a.literal(1, i) {
				a.Follow(Extent{Input: 1, Index: i, Ref: Out(0, k)})
			}
		}
	}
	return nil
}

// literal reports whether element i of a constant input is an extent and not
// a 1, which copies.
func (a *Axes) literal(input, i int) bool {
	v, ok := a.Ints(input)
	return ok && i < len(v) && v[i] != 1
}

// followsExpand reports whether the shape leaves axis k of rank alone or
// takes its extent from an axis at run time.
func (a *Axes) followsExpand(k, rank int) bool {
	want, ok := a.Dims(1)
	if !ok {
		return false
	}
	i := k - (rank - len(want))
	return i < 0 || want[i].Is(1) || a.follows(a.Node.Input(1), i)
}
