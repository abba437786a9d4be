package op

import (
	"fmt"

	"github.com/prunefuse/prunefuse/onnxio"
)

// The inputs are queries [N,tokens,heads·size], or queries, keys and values
// side by side, keys and values [N,tokens,groups·size], past ones [N,groups,
// tokens,size], and how many tokens there are: of each sequence, and at most.
var groupQueryAttention = Def{
	Type: "GroupQueryAttention", Domain: Microsoft, Since: []int64{1},
	Shape: groupQueryShape, Axes: groupQueryAxes,
	Grad: NoGrad("it keeps a cache of keys and values, as language models do"),
	Cost: func(c *Infer) onnxio.Dim {
		y, present := c.OutType(0).Shape, c.OutType(1).Shape
		if len(y) != 3 || len(present) != 4 {
			return onnxio.Known(0)
		}
		return y.Size().Mul(present[2]).Mul(onnxio.Known(2))
	},
	Cases: []Case{
		{Name: "two queries a key", Inputs: groupQueryInputs(X(1, 3, 32), X(1, 3, 16), X(1, 3, 16)), Attrs: attrs(onnxio.Int("num_heads", 4), onnxio.Int("kv_num_heads", 2)), Out: 3},
		{Name: "packed", Inputs: groupQueryInputs(X(1, 3, 64), None(), None()), Attrs: attrs(onnxio.Int("num_heads", 4), onnxio.Int("kv_num_heads", 2)), Out: 3},
	},
}

func groupQueryInputs(q, k, v Input) []Input {
	last := Input{Shape: []int64{1}, Ints: []int64{2}, Elem: onnxio.Int32, Const: true}
	total := Input{Ints: []int64{3}, Elem: onnxio.Int32, Const: true}
	return []Input{q, k, v, None(), None(), last, total}
}

func groupQueryShape(c *Infer) error {
	q := c.In(0).Shape
	heads, groups := c.Node.Int("num_heads", 0), c.Node.Int("kv_num_heads", 0)
	if len(q) != 3 || heads < 1 || groups < 1 {
		return fmt.Errorf("queries %v, %d heads and %d groups: want [N,tokens,heads·size]", q, heads, groups)
	}
	parts := heads
	if !c.Has(1) {
		parts += 2 * groups
	}
	size, ok := q[2].Div(onnxio.Known(parts))
	if !ok {
		return fmt.Errorf("queries %v do not divide into %d heads", q, parts)
	}
	elem := c.In(0).Elem
	c.Out(0, elem, onnxio.Shape{q[0], q[1], size.Mul(onnxio.Known(heads))})
	total := onnxio.Symbol(c.Node.Output(0) + ".tokens")
	past := c.In(3).Shape
	switch v, ok := c.Ints(6); {
	case c.Has(3) && len(past) == 4 && ok && len(v) == 1 && past[2].IsKnown():
		total = onnxio.Known(max(past[2].Or(0), v[0]))
	case !c.Has(3) && ok && len(v) == 1:
		total = onnxio.Known(v[0])
	}
	for i := 1; i < 3; i++ {
		c.Out(i, elem, onnxio.Shape{q[0], onnxio.Known(groups), total, size})
	}
	return nil
}

// groupQueryAxes follows a head of keys and values with all the queries' heads
// that share it.
func groupQueryAxes(a *Axes) error {
	heads, n := int(a.Node.Int("num_heads", 0)), int(a.Node.Int("kv_num_heads", 0))
	width, ok := a.Dim(Out(0, 2)).Value()
	if !ok || heads%n != 0 {
		a.PinAll("its number of heads is not known, or does not divide")
		return nil
	}
	size, shared := int(width)/heads, heads/n
	tied := []headAxis{{Out(0, 2), 0, shared * size}, {In(0, 2), 0, shared * size}}
	if a.Has(1) {
		tied = append(tied, headAxis{In(1, 2), 0, size}, headAxis{In(2, 2), 0, size})
	} else {
		tied = append(tied, headAxis{In(0, 2), heads * size, size}, headAxis{In(0, 2), (heads + n) * size, size})
	}
	for _, r := range []Ref{In(3, 1), In(4, 1), Out(1, 1), Out(2, 1)} {
		tied = append(tied, headAxis{r, 0, 1})
	}
	a.tieHeads(n, tied...)
	a.Follow(Extent{Attr: "num_heads", Ref: Out(0, 2), Per: size})
	a.Follow(Extent{Attr: "kv_num_heads", Ref: Out(0, 2), Per: shared * size})
	a.pinTokens()
	return nil
}
