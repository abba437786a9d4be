package op

import (
	"fmt"

	"github.com/prunefuse/prunefuse/onnxio"
)

// The inputs are queries [N,tokens,heads·size], keys and values alike, or as
// [N,heads,tokens,size], or packed in the one before as [N,tokens,heads,2 or
// 3,size]; a bias, masks, and past keys and values.
var multiHeadAttention = Def{
	Type: "MultiHeadAttention", Domain: Microsoft, Since: []int64{1},
	Shape: multiHeadShape, Axes: multiHeadAxes,
	Decompose: multiHeadDecomposition, Grad: throughDecomposition,
	Cost: func(c *Infer) onnxio.Dim {
		y := c.OutType(0).Shape
		tokens, ok := keyTokens(c)
		if len(y) != 3 || !ok {
			return onnxio.Known(0)
		}
		return y.Size().Mul(tokens).Mul(onnxio.Known(2))
	},
	Cases: []Case{
		{Name: "two heads", Inputs: []Input{X(2, 3, 4), X(2, 5, 4), X(2, 5, 4)}, Attrs: attrs(onnxio.Int("num_heads", 2))},
		{Name: "bias", Inputs: []Input{X(2, 3, 4), X(2, 3, 4), X(2, 3, 6), W(14)}, Attrs: attrs(onnxio.Int("num_heads", 2))},
		{Name: "heads apart", Inputs: []Input{X(2, 3, 4), X(2, 2, 5, 2), X(2, 2, 5, 2)}, Attrs: attrs(onnxio.Int("num_heads", 2))},
		{Name: "causal", Inputs: []Input{X(2, 3, 4), X(2, 3, 4), X(2, 3, 4)}, Attrs: attrs(onnxio.Int("num_heads", 2), onnxio.Int("unidirectional", 1), onnxio.Float("scale", 0.4))},
		{Name: "added to the weights", Inputs: []Input{X(2, 3, 4), X(2, 5, 4), X(2, 5, 4), None(), None(), X(1, 2, 3, 5)}, Attrs: attrs(onnxio.Int("num_heads", 2))},
		{Name: "present", Inputs: []Input{X(2, 3, 4), X(2, 3, 4), X(2, 3, 4)}, Attrs: attrs(onnxio.Int("num_heads", 2)), Out: 3},
		{Name: "past", Inputs: []Input{X(2, 3, 4), X(2, 3, 4), X(2, 3, 4), None(), None(), None(), X(2, 2, 4, 2), X(2, 2, 4, 2)}, Attrs: attrs(onnxio.Int("num_heads", 2)), Out: 3},
	},
}

// keyTokens is over how many tokens, without the past, each query looks.
func keyTokens(c *Infer) (onnxio.Dim, bool) {
	switch k := c.In(1).Shape; {
	case !c.Has(1) && len(c.In(0).Shape) > 1:
		return c.In(0).Shape[1], true
	case len(k) == 3 || len(k) == 5:
		return k[1], true
	case len(k) == 4:
		return k[2], true
	}
	return onnxio.Dim{}, false
}

func multiHeadShape(c *Infer) error {
	q, v := c.In(0).Shape, c.In(2).Shape
	heads := onnxio.Known(c.Node.Int("num_heads", 0))
	tokens, ok := keyTokens(c)
	if !ok || heads.Or(0) < 1 || (len(q) != 3 && len(q) != 5) {
		return fmt.Errorf("queries %v, keys %v and %v heads: want [N,tokens,heads·size]", q, c.In(1).Shape, heads)
	}
	var size onnxio.Dim // of a head's values
	whole := true
	switch {
	case len(q) == 5:
		size = q[4]
	case len(v) == 4:
		size = v[3]
	case len(v) == 3:
		size, whole = v[2].Div(heads)
	default:
		size, whole = q[2].Div(heads)
	}
	key := size
	if len(q) == 3 && whole {
		key, whole = q[2].Div(heads)
	}
	if !whole {
		return fmt.Errorf("queries %v and values %v do not divide into %v heads", q, v, heads)
	}
	elem := c.In(0).Elem
	c.Out(0, elem, onnxio.Shape{q[0], q[1], heads.Mul(size)})
	if past := c.In(6).Shape; c.Has(6) && len(past) == 4 {
		tokens, _ = addDims(past[2], tokens)
	}
	c.Out(1, elem, onnxio.Shape{q[0], heads, tokens, key})
	c.Out(2, elem, onnxio.Shape{q[0], heads, tokens, size})
	return nil
}

// multiHeadAxes follows heads where queries, keys and values are apart.
func multiHeadAxes(a *Axes) error {
	n := int(a.Node.Int("num_heads", 0))
	q, k, v, y := a.In(0).Shape, a.In(1).Shape, a.In(2).Shape, a.OutType(0).Shape
	if len(q) != 3 || !a.Has(1) || !a.Has(2) || len(k) == 5 || len(k) != len(v) || !q[2].IsKnown() || !y[2].IsKnown() {
		a.PinAll("its queries, keys and values are packed in one")
		return nil
	}
	key, value := int(q[2].Or(0))/n, int(y[2].Or(0))/n
	tied := []headAxis{{In(0, 2), 0, key}, {Out(0, 2), 0, value}}
	if len(k) == 3 {
		tied = append(tied, headAxis{In(1, 2), 0, key}, headAxis{In(2, 2), 0, value})
	} else {
		tied = append(tied, headAxis{In(1, 1), 0, 1}, headAxis{In(2, 1), 0, 1})
	}
	for j, size := range []int{key, key, value} {
		tied = append(tied, headAxis{In(3, 0), j * n * key, size})
	}
	for _, r := range []Ref{In(5, 1), In(6, 1), In(7, 1), Out(1, 1), Out(2, 1), Out(3, 1)} {
		tied = append(tied, headAxis{r, 0, 1})
	}
	a.tieHeads(n, tied...)
	a.Follow(Extent{Attr: "num_heads", Ref: In(0, 2), Per: key})
	a.pinTokens()
	return nil
}
