package op

import (
	"fmt"

	"github.com/prunefuse/prunefuse/onnxio"
)

// The inputs are queries, keys and values, a mask, and past keys and values;
// the outputs the result, present keys and values, and the weights. Of four
// axes they are [N,heads,tokens,size]; of three, the last one holds the heads.
var attention = Def{
	Type: "Attention", Since: []int64{23, 24},
	Shape: attentionShape, Axes: attentionAxes, Grad: NoGrad("its gradient is not derived"),
	Cost: func(c *Infer) onnxio.Dim {
		q, k, v := c.headed(0, "q_num_heads"), c.headed(1, "kv_num_heads"), c.headed(2, "kv_num_heads")
		if q == nil || k == nil || v == nil {
			return onnxio.Known(0)
		}
		size, _ := addDims(q[3], v[3])
		return q[:3].Size().Mul(k[2]).Mul(size)
	},
	Cases: []Case{
		{Name: "heads apart", Opset: 23, Inputs: []Input{X(2, 3, 4, 5), X(2, 3, 6, 5), X(2, 3, 6, 2)}},
		{Name: "stated scale", Opset: 23, Inputs: []Input{X(2, 3, 4, 5), X(2, 3, 6, 5), X(2, 3, 6, 5)}, Attrs: attrs(onnxio.Float("scale", 0.3))},
		{Name: "shared keys", Opset: 23, Inputs: []Input{X(2, 6, 4, 5), X(2, 3, 4, 5), X(2, 3, 4, 5)}, Attrs: attrs(onnxio.Int("is_causal", 1))},
		{Name: "mask", Opset: 23, Inputs: []Input{X(2, 3, 4, 5), X(2, 3, 6, 5), X(2, 3, 6, 5), X(4, 6)}, Fixed: true},
		{Name: "mask by head", Opset: 23, Inputs: []Input{X(2, 3, 4, 5), X(2, 3, 6, 5), X(2, 3, 6, 5), X(1, 3, 4, 6)}},
		{Name: "past", Opset: 23, Inputs: []Input{X(2, 3, 4, 5), X(2, 3, 6, 5), X(2, 3, 6, 5), None(), X(2, 3, 2, 5), X(2, 3, 2, 5)}, Out: 3},
		{Name: "weights", Opset: 23, Inputs: []Input{X(2, 3, 4, 5), X(2, 3, 6, 5), X(2, 3, 6, 5)}, Out: 4},
		{Name: "heads together", Opset: 23, Inputs: []Input{X(2, 4, 6), X(2, 5, 6), X(2, 5, 6)}, Attrs: attrs(onnxio.Int("q_num_heads", 3), onnxio.Int("kv_num_heads", 3))},
	},
}

// headed is an operand's shape as [N,heads,tokens,size]; nil where it has
// another form.
func (c *Infer) headed(i int, heads string) onnxio.Shape {
	s := c.In(i).Shape
	if len(s) == 4 {
		return s
	}
	n := onnxio.Known(c.Node.Int(heads, 0))
	if len(s) != 3 || n.Or(0) < 1 {
		return nil
	}
	size, ok := s[2].Div(n)
	if !ok {
		return nil
	}
	return onnxio.Shape{s[0], n, s[1], size}
}

func attentionShape(c *Infer) error {
	q, k, v := c.headed(0, "q_num_heads"), c.headed(1, "kv_num_heads"), c.headed(2, "kv_num_heads")
	if q == nil || k == nil || v == nil {
		return fmt.Errorf("queries %v, keys %v and values %v: want [N,heads,tokens,size], or [N,tokens,heads·size] and the numbers of heads", c.In(0).Shape, c.In(1).Shape, c.In(2).Shape)
	}
	total := k[2]
	if past := c.In(4).Shape; c.Has(4) && len(past) == 4 {
		total, _ = addDims(past[2], total)
	}
	elem := c.In(0).Elem
	if len(c.In(0).Shape) == 4 {
		c.Out(0, elem, onnxio.Shape{q[0], q[1], q[2], v[3]})
	} else {
		c.Out(0, elem, onnxio.Shape{q[0], q[2], q[1].Mul(v[3])})
	}
	c.Out(1, elem, onnxio.Shape{k[0], k[1], total, k[3]})
	c.Out(2, elem, onnxio.Shape{v[0], v[1], total, v[3]})
	c.Out(3, elem, onnxio.Shape{q[0], q[1], q[2], total})
	return nil
}

// attentionAxes follows heads that have an axis of their own: a key's goes
// with all the queries' that share it. A product of queries and keys is
// scaled by their size, so that a smaller size is another function unless the
// scale is stated.
func attentionAxes(a *Axes) error {
	q, k, v := a.In(0).Shape, a.In(1).Shape, a.In(2).Shape
	if len(q) != 4 || len(k) != 4 || len(v) != 4 {
		a.PinAll("its heads are parts of an axis")
		return nil
	}
	a.Same(In(0, 0), In(1, 0), In(2, 0), In(4, 0), In(5, 0), Out(0, 0), Out(1, 0), Out(2, 0), Out(3, 0))
	a.Same(In(0, 1), Out(0, 1), Out(3, 1))
	a.Same(In(1, 1), In(2, 1), In(4, 1), In(5, 1), Out(1, 1), Out(2, 1))
	heads, shared := int(k[1].Or(0)), int(q[1].Or(0))
	if heads < 1 || shared%heads != 0 {
		a.PinAll("its number of heads is not known")
		return nil
	}
	if heads == shared {
		a.Same(In(0, 1), In(1, 1))
	} else {
		a.blockwise(In(1, 1), In(0, 1), heads, shared/heads)
	}
	a.Same(In(0, 3), In(1, 3), In(4, 3), Out(1, 3))
	a.Sums(In(0, 3))
	if a.Node.Float("scale", 0) == 0 {
		a.Mixes(In(0, 3))
	}
	a.Same(In(2, 3), In(5, 3), Out(0, 3), Out(2, 3))
	if a.Has(3) {
		mask := a.In(3).Shape
		for j := range len(mask) - 2 {
			a.alignedTo(In(0, 4-len(mask)+j), In(3, j))
		}
	}
	return nil
}
