package op

import "github.com/prunefuse/prunefuse/onnxio"

var gather = Def{
	Type: "Gather", Since: []int64{1, 11, 13},
	Zero:  zeroAtZero,
	Shape: gatherShape, Axes: gatherAxes, Grad: gatherGrad, Cost: free,
	Cases: []Case{
		{Name: "rows", Inputs: []Input{W(5, 3), {Elem: onnxio.Int64, Shape: []int64{2, 3}, Ints: []int64{0, 4, 2, 2, 0, -1}}}},
		{Name: "channels", Inputs: []Input{X(2, 5, 3), I64(3, 0, 3)}, Attrs: attrs(onnxio.Int("axis", 1))},
		{Name: "one", Inputs: []Input{X(2, 5, 3), I0(-2)}, Attrs: attrs(onnxio.Int("axis", 1))},
		{Name: "last", Inputs: []Input{X(2, 5), {Elem: onnxio.Int64, Shape: []int64{2, 2}, Ints: []int64{1, 0, 4, 1}, Const: true}}, Attrs: attrs(onnxio.Int("axis", -1))},
		{Name: "of a shape", Inputs: []Input{I64(4, 5, 6), I64(2, 0)}},
		{Name: "one of a shape", Inputs: []Input{I64(4, 5, 6), I0(-1)}},
		{Name: "shuffle", Inputs: []Input{X(2, 6, 3), I32(0, 3, 1, 4, 2, 5)}, Attrs: attrs(onnxio.Int("axis", 1))},
		{Name: "from the end", Inputs: []Input{X(2, 6), I64(-1, 2, -6, -2)}, Attrs: attrs(onnxio.Int("axis", 1))},
		{Name: "samples of a table", Inputs: []Input{W(5, 4), {Elem: onnxio.Int64, Shape: []int64{2, 2}, Ints: []int64{0, 4, 1, 2}, Const: true}}},
		{Name: "opset 7", Opset: 7, Inputs: []Input{X(3, 5), I64(2, 0)}, Fixed: true},
	},
}

func gatherShape(c *Infer) error {
	k, err := c.Axis(0)
	if err != nil {
		return err
	}
	data, index := c.In(0).Shape, c.In(1).Shape
	s := append(append(data[:k].Clone(), index...), data[k+1:]...)
	if s == nil {
		s = onnxio.Shape{}
	}
	c.Out(0, c.In(0).Elem, s)
	v, ok := c.Dims(0)
	at, known := c.Ints(1)
	if !ok || !known || len(data) != 1 || len(s) > 1 {
		return nil
	}
	out := make([]onnxio.Dim, len(at))
	for i, j := range at {
		if j < 0 {
			j += int64(len(v))
		}
		if j < 0 || j >= int64(len(v)) {
			return nil
		}
		out[i] = v[j]
	}
	c.OutDims(out)
	return nil
}

func gatherAxes(a *Axes) error {
	k, err := a.Axis(0)
	if err != nil {
		return err
	}
	index := len(a.In(1).Shape)
	for j := range a.In(0).Shape {
		switch {
		case j < k:
			a.Same(In(0, j), Out(0, j))
		case j > k:
			a.Same(In(0, j), Out(0, j-1+index))
		}
	}
	for j := range index {
		a.Same(In(1, j), Out(0, k+j))
	}
	a.picked(k)
	return nil
}

// picked says what becomes of the axis that a Gather reads by position. A
// list of positions is numbered anew with it; otherwise all must stay.
func (a *Axes) picked(k int) {
	t, _ := a.Graph.Constant(a.Node.Input(1))
	n, known := a.Dim(In(0, k)).Value()
	switch {
	case t == nil:
		a.Pin(In(0, k), "it is read by positions computed at run time")
		return
	case t.Rank() != 1 || !known:
		a.Pin(In(0, k), "it is read by a constant position")
		return
	}
	v, err := t.Ints()
	at, ok := fromEnd(v, n)
	if err != nil || !ok {
		a.Pin(In(0, k), "it is read by positions that it does not have")
		return
	}
	a.Match(In(0, k), Out(0, k), at, span(0, len(at)))
	a.Number(1, In(0, k))
}

// fromEnd resolves positions along an axis of extent n, of which negative
// ones count from its end; ok is false when one is beyond it.
func fromEnd(v []int64, n int64) (at []int, ok bool) {
	at = make([]int, len(v))
	for j, p := range v {
		if p < 0 {
			p += n
		}
		if p < 0 || p >= n {
			return nil, false
		}
		at[j] = int(p)
	}
	return at, true
}

// gatherGrad adds each row of the gradient to the row of the data that it
// was read from.
func gatherGrad(g *Grad) error {
	if !g.Needs(0) {
		return nil
	}
	k, err := g.Axis(0)
	if err != nil {
		return err
	}
	// The indices become one axis k of the gradient, and are spread over the
	// other axes, as ScatterElements wants them.
	data := g.In(0).Shape
	rows := g.Reshape(g.I(1), -1)
	lead := make([]int64, k)
	var dy string
	if len(g.In(1).Shape) == 1 {
		dy = g.GO(0)
	} else {
		to, known := append(lead, -1), true
		for _, d := range data[k+1:] {
			known = known && d.IsKnown()
			to = append(to, d.Or(0))
		}
		if known {
			dy = g.Reshape(g.GO(0), to...)
		} else {
			after := g.Op("Shape", []string{g.I(0)}, onnxio.Int("start", int64(k+1)))
			dy = g.Op("Reshape", []string{g.GO(0), g.Concat(0, g.List(to[:k+1]...), after)})
		}
	}
	column := make([]int64, len(data)-k)
	for i := range column {
		column[i] = 1
	}
	column[0] = -1
	index := g.Op("Expand", []string{g.Reshape(rows, column...), g.Op("Shape", []string{dy})})
	g.GI(0, g.Op("ScatterElements", []string{g.Zeros(g.I(0)), index, dy}, onnxio.Int("axis", int64(k)), onnxio.Str("reduction", "add")))
	return nil
}
