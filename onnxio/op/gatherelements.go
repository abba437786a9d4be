package op

import (
	"fmt"

	"github.com/prunefuse/prunefuse/onnxio"
)

var gatherElements = Def{
	Type: "GatherElements", Since: []int64{11, 13},
	Shape: func(c *Infer) error {
		if len(c.In(1).Shape) != len(c.In(0).Shape) {
			return fmt.Errorf("indices of shape %v for data of shape %v", c.In(1).Shape, c.In(0).Shape)
		}
		c.Out(0, c.In(0).Elem, c.In(1).Shape)
		return nil
	},
	Axes: func(a *Axes) error {
		k, err := a.Axis(0)
		if err != nil {
			return err
		}
		a.beside(k, 1, Out(0, 0))
		return nil
	},
	Grad: func(g *Grad) error {
		if !g.Needs(0) {
			return nil
		}
		k, err := g.Axis(0)
		if err != nil {
			return err
		}
		g.GI(0, g.Op("ScatterElements", []string{g.Zeros(g.I(0)), g.I(1), g.GO(0)}, onnxio.Int("axis", int64(k)), onnxio.Str("reduction", "add")))
		return nil
	},
	Cost: free,
	Cases: []Case{
		{Name: "columns", Inputs: []Input{X(2, 4), constIndex([]int64{0, 3, -1, 2, 2, 1}, 2, 3)}, Attrs: attrs(onnxio.Int("axis", 1)), Fixed: true},
		{Name: "rows", Inputs: []Input{X(4, 3), constIndex([]int64{0, 3, 1, 2, 2, -4}, 2, 3)}, Fixed: true},
		{Name: "fewer channels", Inputs: []Input{X(2, 5, 3), constIndex([]int64{2, 0, 1, 1, 0, 2}, 1, 3, 2)}, Attrs: attrs(onnxio.Int("axis", -1)), Fixed: true},
		{Name: "opset 11", Opset: 11, Inputs: []Input{X(2, 3), constIndex([]int64{1, 0, 2, 2}, 2, 2)}, Attrs: attrs(onnxio.Int("axis", 1)), Fixed: true},
	},
}

// constIndex returns a constant int64 tensor.
func constIndex(v []int64, shape ...int64) Input {
	return Input{Elem: onnxio.Int64, Shape: shape, Ints: v, Const: true}
}

// beside says that input 0, read or written at places that another input
// lists element by element for axis k, has that input's first positions along
// every other axis. The rest are axes like the list's: pos is axis 0 of each.
func (a *Axes) beside(k, list int, pos ...Ref) {
	for j := range a.In(0).Shape {
		at := In(list, j)
		for _, p := range pos {
			p.Axis = j
			a.Same(at, p)
		}
		n, known := a.Dim(at).Value()
		switch {
		case j == k:
			a.Pin(In(0, k), "its positions are listed element by element")
		case a.Dim(In(0, j)) == a.Dim(at):
			a.Same(In(0, j), at)
		case known && a.Dim(In(0, j)).IsKnown():
			a.Match(In(0, j), at, span(0, int(n)), span(0, int(n)))
		default:
			a.Pin(In(0, j), "how much of it is read is not known")
			a.Pin(at, "how much it reads is not known")
		}
	}
}
