package op

import "github.com/prunefuse/prunefuse/onnxio"

// reduceSince is, for the operators that reduce axes, the opset in which the
// axes became an input.
var reduceSince = map[string]int64{
	"ReduceSum": 13, "ReduceMean": 18, "ReduceMax": 18, "ReduceMin": 18, "ReduceProd": 18, "ReduceL1": 18, "ReduceL2": 18,
	"ReduceLogSum": 18, "ReduceLogSumExp": 18, "ReduceSumSquare": 18,
}

// reduced marks the axes of input 0 that are reduced; nil where they are not
// known.
func reduced(c *Infer) ([]bool, error) {
	since := reduceSince[c.Node.Op()]
	list, known := c.listAttr("axes", since)
	if !known {
		return nil, nil
	}
	rank := len(c.In(0).Shape)
	if len(list) == 0 {
		all := make([]bool, rank)
		for k := range all {
			all[k] = c.Opset < since || c.Node.Int("noop_with_empty_axes", 0) == 0
		}
		return all, nil
	}
	return axisSet(list, rank)
}

func reduceShape(c *Infer) error {
	gone, err := reduced(c)
	if err != nil {
		return err
	}
	if gone == nil {
		c.Out(0, c.In(0).Elem, nil)
		return nil
	}
	keep := c.Node.Int("keepdims", 1) != 0
	s := onnxio.Shape{}
	for k, d := range c.In(0).Shape {
		switch {
		case !gone[k]:
			s = append(s, d)
		case keep:
			s = append(s, onnxio.Known(1))
		}
	}
	c.Out(0, c.In(0).Elem, s)
	return nil
}

// folding returns a shape rule that carries what f makes of the elements of a
// list that is reduced as a whole.
func folding(f dimFunc) func(*Infer) error {
	return func(c *Infer) error {
		if err := reduceShape(c); err != nil {
			return err
		}
		gone, err := reduced(c)
		v, ok := c.Dims(0)
		if err != nil || !ok || len(v) == 0 || len(gone) != 1 || !gone[0] {
			return err
		}
		all := v[0]
		for _, d := range v[1:] {
			if all, ok = f(all, d); !ok {
				return nil
			}
		}
		c.OutDims([]onnxio.Dim{all})
		return nil
	}
}

func reduceAxes(a *Axes) error {
	gone, err := reduced(a.Infer)
	if err != nil {
		return err
	}
	if gone == nil {
		a.PinAll("the axes it reduces are computed at run time")
		return nil
	}
	keep := a.Node.Int("keepdims", 1) != 0
	at := 0
	for k := range a.In(0).Shape {
		switch {
		case !gone[k]:
			a.Same(In(0, k), Out(0, at))
			at++
		case keep:
			a.Mixes(In(0, k))
			a.Free(Out(0, at))
			at++
		default:
			a.Mixes(In(0, k))
		}
	}
	return nil
}

// unreduced gives a value of the output's shape axes of extent 1 in the
// place of the reduced ones; the second result is its shape.
func (g *Grad) unreduced(v string, gone []bool) (string, onnxio.Shape) {
	s := g.In(0).Shape.Clone()
	axes := numbers(gone)
	for _, k := range axes {
		s[k] = onnxio.Known(1)
	}
	if g.Node.Int("keepdims", 1) == 0 && len(axes) > 0 {
		v = g.Op("Unsqueeze", []string{v, g.List(axes...)})
	}
	return v, s
}

// share divides v by the number of elements of x for each element of y, a
// reduction of x; xs and ys are their inferred shapes.
func (g *Grad) share(v, x string, xs onnxio.Shape, y string, ys onnxio.Shape) string {
	if n, ok := xs.Size().Div(ys.Size()); ok && n.IsKnown() {
		if n.Is(1) {
			return v
		}
		return g.Mul(v, g.Scalar(1/float32(n.Or(1))))
	}
	count := g.Op("Div", []string{g.Op("Size", []string{x}), g.Op("Size", []string{y})})
	return g.Div(v, g.Op("Cast", []string{count}, onnxio.Int("to", int64(onnxio.Float32))))
}

// reduceGrad returns the gradient of reductions of which each reduced element
// is given the same: what slope makes of the output's gradient.
func reduceGrad(slope func(g *Grad, dy string) string) func(*Grad) error {
	return func(g *Grad) error {
		gone, err := g.reduced()
		if err != nil {
			return err
		}
		dy, s := g.unreduced(slope(g, g.GO(0)), gone)
		g.GI(0, g.ExpandLike(dy, s, g.I(0), g.In(0).Shape))
		return nil
	}
}

// reduceEachGrad returns the gradient of the other reductions: slope gives that
// by input 0, from the output and its gradient with the reduced axes kept.
func reduceEachGrad(slope func(g *Grad, y, dy string) string) func(*Grad) error {
	return func(g *Grad) error {
		gone, err := g.reduced()
		if err != nil {
			return err
		}
		y, _ := g.unreduced(g.O(0), gone)
		dy, _ := g.unreduced(g.GO(0), gone)
		g.GI(0, slope(g, y, dy))
		return nil
	}
}

// reduced marks the reduced axes, which must be known.
func (g *Grad) reduced() ([]bool, error) {
	gone, err := reduced(g.Infer)
	if err == nil && gone == nil {
		err = &noGradError{"the axes it reduces are computed at run time"}
	}
	return gone, err
}

// numbers lists the axes that are marked.
func numbers(set []bool) []int64 {
	axes := []int64{}
	for k, in := range set {
		if in {
			axes = append(axes, int64(k))
		}
	}
	return axes
}

// reduceCases are checked with the axes as the operator takes them at each
// opset, on operands made by in.
func reduceCases(op string, in func(shape ...int64) Input) []Case {
	since := reduceSince[op]
	at := func(opset int64, name string, x Input, keep int64, axes ...int64) Case {
		c := Case{Name: name, Opset: opset, Inputs: []Input{x}, Attrs: attrs(onnxio.Int("keepdims", keep))}
		switch {
		case axes == nil:
		case opset >= since:
			c.Inputs = append(c.Inputs, I64(axes...))
		default:
			c.Attrs = append(c.Attrs, onnxio.Ints("axes", axes...))
		}
		return c
	}
	cases := []Case{
		at(17, "pool", in(2, 3, 4, 4), 1, 2, 3),
		at(17, "pool and squeeze", in(2, 3, 4, 4), 0, -1, -2),
		at(17, "channels", in(2, 5, 3), 0, 1),
		at(17, "all", in(2, 3), 1),
		at(17, "all to a scalar", in(2, 3), 0),
		at(17, "batch", in(4, 3), 0, 0),
		at(18, "opset 18", in(2, 3, 4), 0, 1),
		at(7, "opset 7", in(2, 3, 4), 1, 1, 2),
	}
	noop := Case{Name: "no axes", Opset: since, Inputs: []Input{in(2, 3)}, Attrs: attrs(onnxio.Int("noop_with_empty_axes", 1))}
	return append(cases, noop)
}

// reduceValueCases are lists that shapes are computed from.
func reduceValueCases() []Case {
	return []Case{
		{Name: "of a shape", Inputs: []Input{I64(2, 5, 3)}, Attrs: attrs(onnxio.Int("keepdims", 0))},
		{Name: "of a shape, kept", Opset: 11, Inputs: []Input{I64(4, 5)}, Attrs: attrs(onnxio.Ints("axes", 0))},
	}
}
