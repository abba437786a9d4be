package op

import (
	"fmt"
	"slices"

	"github.com/prunefuse/prunefuse/onnxio"
)

var gatherND = Def{
	Type: "GatherND", Since: []int64{11, 12, 13},
	Shape: func(c *Infer) error {
		batch, depth, err := tuples(c)
		if err != nil {
			return err
		}
		if depth < 0 {
			c.Out(0, c.In(0).Elem, nil)
			return nil
		}
		lists := c.In(1).Shape
		c.Out(0, c.In(0).Elem, append(lists[:len(lists)-1].Clone(), c.In(0).Shape[batch+depth:]...))
		return nil
	},
	Axes: func(a *Axes) error {
		batch, depth, err := tuples(a.Infer)
		if err != nil {
			return err
		}
		if depth < 0 {
			a.PinAll("how many axes it indexes is not known")
			return nil
		}
		for j := range batch {
			a.Same(In(0, j), In(1, j))
		}
		a.tupled(batch, depth, Out(0, 0))
		return nil
	},
	Grad: func(g *Grad) error {
		if !g.Needs(0) {
			return nil
		}
		g.GI(0, g.Op("ScatterND", []string{g.Zeros(g.I(0)), g.tuplesOfAll(), g.GO(0)}, onnxio.Str("reduction", "add")))
		return nil
	},
	Cost: free,
	Cases: []Case{
		{Name: "elements", Inputs: []Input{X(3, 4), constIndex([]int64{0, 0, 2, 3, -1, 1}, 3, 2)}, Fixed: true},
		{Name: "rows", Inputs: []Input{X(3, 4, 2), constIndex([]int64{0, 2, 2, 1}, 2, 2, 1)}, Fixed: true},
		{Name: "batches", Inputs: []Input{X(2, 4, 3), constIndex([]int64{0, 3, 2, 1}, 2, 2, 1)}, Attrs: attrs(onnxio.Int("batch_dims", 1)), Fixed: true},
		{Name: "two axes in step", Inputs: []Input{X(2, 3, 4, 3), constIndex([]int64{0, 3, 1, 1, 2, 0}, 2, 3, 1)}, Attrs: attrs(onnxio.Int("batch_dims", 2)), Fixed: true},
		{Name: "opset 11", Opset: 11, Inputs: []Input{X(2, 3), constIndex([]int64{1, 0}, 2, 1)}, Fixed: true},
	},
}

// tuplesOfAll is input 1 with the positions on the leading axes that it runs
// in step with before those that it states.
func (g *Grad) tuplesOfAll() string {
	batch, rank := int(g.Node.Int("batch_dims", 0)), len(g.In(1).Shape)
	if batch == 0 {
		return g.I(1)
	}
	index := g.I(1)
	shape := g.Of("Shape", index)
	lists := g.Concat(0, g.Op("Slice", []string{shape, g.List(0), g.List(int64(rank - 1))}), g.List(1))
	var parts []string
	for j := range batch {
		column := slices.Repeat([]int64{1}, rank)
		column[j] = -1
		count := g.Op("Range", []string{g.integer(0), g.Op("Squeeze", []string{g.Op("Gather", []string{shape, g.List(int64(j))}), g.List(0)}), g.integer(1)})
		parts = append(parts, g.Op("Expand", []string{g.Reshape(count, column...), lists}))
	}
	return g.Concat(-1, append(parts, index)...)
}

// integer returns a constant int64 of rank 0.
func (e *Emit) integer(v int64) string {
	return e.Op("Squeeze", []string{e.List(v), e.List(0)})
}

// tuples reads input 1 as index tuples into input 0: along how many leading
// axes the two run in step, and how many axes a tuple indexes then; −1 where
// that is not known.
func tuples(c *Infer) (batch, depth int, err error) {
	data, lists := c.In(0).Shape, c.In(1).Shape
	b := c.Node.Int("batch_dims", 0)
	if len(data) == 0 || len(lists) == 0 || b < 0 || b >= int64(min(len(data), len(lists))) {
		return 0, 0, fmt.Errorf("indices of shape %v and batch_dims %d for data of shape %v", lists, b, data)
	}
	n, ok := lists[len(lists)-1].Value()
	switch {
	case !ok:
		return int(b), -1, nil
	case n < 1 || n > int64(len(data))-b:
		return 0, 0, fmt.Errorf("indices of shape %v and batch_dims %d for data of shape %v", lists, b, data)
	}
	return int(b), int(n), nil
}

// tupled says that rest, axis 0 of it, has the axes of the index tuples and
// then those of input 0 that the tuples leave whole.
func (a *Axes) tupled(batch, depth int, rest Ref) {
	lists := len(a.In(1).Shape) - 1
	for j := range lists {
		rest.Axis = j
		a.Same(In(1, j), rest)
	}
	for j := range a.In(0).Shape {
		switch {
		case j >= batch+depth:
			rest.Axis = lists + j - batch - depth
			a.Same(In(0, j), rest)
		case j >= batch:
			a.Pin(In(0, j), "its positions are listed in tuples")
		}
	}
	a.Pin(In(1, lists), "it is a tuple of positions")
}
