package op

import (
	"fmt"

	"github.com/prunefuse/prunefuse/onnxio"
)

var tile = Def{
	Type: "Tile", Since: []int64{1, 6, 13},
	Zero: zeroAtZero,
	Shape: func(c *Infer) error {
		times, ok := c.Dims(1)
		if !ok {
			c.Out(0, c.In(0).Elem, nil)
			return nil
		}
		s := c.In(0).Shape.Clone()
		if len(times) != len(s) {
			return fmt.Errorf("repeats %v for an input of shape %v", onnxio.Shape(times), s)
		}
		for k, n := range times {
			if n.IsKnown() && n.Or(0) < 0 {
				return fmt.Errorf("repeats %v has a negative number", onnxio.Shape(times))
			}
			s[k] = s[k].Mul(n)
		}
		c.Out(0, c.In(0).Elem, s)
		return nil
	},
	Axes: tileAxes, Grad: tileGrad, Cost: free,
	Cases: []Case{
		{Name: "channels", Inputs: []Input{X(2, 3, 4), I64(1, 3, 1)}},
		{Name: "two axes", Inputs: []Input{X(2, 3, 4), I64(1, 2, 3)}},
		{Name: "one to many", Inputs: []Input{X(2, 1, 3), I64(1, 5, 1)}},
		{Name: "batch", Inputs: []Input{X(2, 3), I64(3, 1)}},
		{Name: "nothing", Inputs: []Input{X(2, 3), I64(1, 1)}},
		{Name: "at run time", Inputs: []Input{X(2, 3), {Elem: onnxio.Int64, Shape: []int64{2}, Ints: []int64{1, 2}}}, Fixed: true},
		{Name: "two axes at run time", Inputs: []Input{X(2, 3, 1), {Elem: onnxio.Int64, Shape: []int64{3}, Ints: []int64{3, 1, 4}}}, Fixed: true},
		{Name: "opset 7", Opset: 7, Inputs: []Input{X(2, 3), I64(1, 2)}},
	},
}

func tileAxes(a *Axes) error {
	times, ok := a.Dims(1)
	if !ok {
		a.PinAll("how often it repeats is computed at run time")
		return nil
	}
	for k, times := range times {
		in, out := In(0, k), Out(0, k)
		n := a.Dim(in).Or(0)
		whole, known := a.Dim(out).Value()
		switch {
		case times.Is(1):
			a.Same(in, out)
		case a.Dim(in).Is(1):
			a.Free(in, out)
			a.sized(out, 1, k)
		case !known || n == 0:
			a.Pin(in, "how often it is repeated is not known")
			a.Pin(out, "how often it is repeated is not known")
		default:
			all := span(0, int(whole))
			of := make([]int, len(all))
			for i := range of {
				of[i] = i % int(n)
			}
			a.Match(in, out, of, all)
		}
	}
	return nil
}

// tileGrad adds the gradients of all copies.
func tileGrad(g *Grad) error {
	if g.In(0).Shape == nil {
		return &noGradError{"how many axes it repeats is not known"}
	}
	times, ok := g.Ints(1)
	if !ok {
		g.GI(0, g.copiesAdded())
		return nil
	}
	var apart, axes []int64
	unknown := 0
	for k, d := range g.In(0).Shape {
		if times[k] != 1 {
			axes = append(axes, int64(len(apart)))
			apart = append(apart, times[k])
		}
		if !d.IsKnown() {
			unknown++
		}
		apart = append(apart, d.Or(-1))
	}
	switch {
	case len(axes) == 0:
		g.GI(0, g.GO(0))
	case unknown > 1:
		g.GI(0, g.copiesAdded())
	default:
		g.GI(0, g.Sum(g.Reshape(g.GO(0), apart...), false, axes...))
	}
	return nil
}

// copiesAdded adds the gradients of all copies, whose number and extents are
// taken at run time: every axis of the output is a number of copies and an extent
// of the input.
func (g *Grad) copiesAdded() string {
	rank := len(g.In(0).Shape)
	column := func(x string) string { return g.Reshape(x, -1, 1) }
	pairs := g.Concat(1, column(g.I(1)), column(g.Of("Shape", g.I(0))))
	copies := make([]int64, rank)
	for k := range copies {
		copies[k] = int64(2 * k)
	}
	return g.Sum(g.Op("Reshape", []string{g.GO(0), g.Reshape(pairs, -1)}), false, copies...)
}
