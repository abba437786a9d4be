package op

import (
	"fmt"

	"github.com/prunefuse/prunefuse/onnxio"
)

// The inputs are tokens [N,tokens,C], the weights [C,q+k+v] and bias of their
// projections side by side, a mask, and past keys and values [2,N,heads,
// tokens,size]; the outputs the result and present keys and values.
var msAttention = Def{
	Type: "Attention", Domain: Microsoft, Since: []int64{1},
	Shape: msAttentionShape, Axes: msAttentionAxes, Decompose: msAttentionDecomposition, Grad: throughDecomposition,
	Cost: func(c *Infer) onnxio.Dim {
		x, w, y := c.In(0).Shape, c.In(1).Shape, c.OutType(0).Shape
		if len(x) != 3 || len(w) != 2 || len(y) != 3 {
			return onnxio.Known(0)
		}
		total, _ := addDims(w.Size(), x[1].Mul(y[2]).Mul(onnxio.Known(2)))
		return x[:2].Size().Mul(total)
	},
	Cases: []Case{
		{Name: "two heads", Inputs: []Input{X(2, 3, 5), W(5, 12), W(12)}, Attrs: attrs(onnxio.Int("num_heads", 2))},
		{Name: "causal", Inputs: []Input{X(2, 3, 5), W(5, 12), W(12)}, Attrs: attrs(onnxio.Int("num_heads", 2), onnxio.Int("unidirectional", 1))},
		{Name: "uneven", Inputs: []Input{X(2, 3, 5), W(5, 16), W(16)}, Attrs: attrs(onnxio.Int("num_heads", 2), onnxio.Ints("qkv_hidden_sizes", 4, 4, 8))},
		{Name: "present", Inputs: []Input{X(2, 3, 5), W(5, 12), W(12)}, Attrs: attrs(onnxio.Int("num_heads", 2)), Out: 2},
		{Name: "past", Inputs: []Input{X(2, 3, 5), W(5, 12), W(12), None(), X(2, 2, 2, 4, 2)}, Attrs: attrs(onnxio.Int("num_heads", 2)), Out: 2, Fixed: true},
		{Name: "causal, past", Inputs: []Input{X(2, 3, 5), W(5, 12), W(12), None(), X(2, 2, 2, 4, 2)}, Attrs: attrs(onnxio.Int("num_heads", 2), onnxio.Int("unidirectional", 1), onnxio.Float("scale", 0.4)), Out: 2, Fixed: true},
		{Name: "added to the weights", Inputs: []Input{X(2, 3, 5), W(5, 18), W(18), None(), None(), X(1, 3, 3, 3)}, Attrs: attrs(onnxio.Int("num_heads", 3))},
	},
}

// projections returns the widths of the three parts of the weights.
func projections(c *Infer) (widths []int64, ok bool) {
	heads := c.Node.Int("num_heads", 0)
	if widths = c.Node.Ints("qkv_hidden_sizes"); len(widths) != 3 {
		w, known := c.In(1).Shape[1].Value()
		if !known || w%3 != 0 {
			return nil, false
		}
		widths = []int64{w / 3, w / 3, w / 3}
	}
	for _, w := range widths {
		if heads < 1 || w < 1 || w%heads != 0 {
			return nil, false
		}
	}
	return widths, true
}

func msAttentionShape(c *Infer) error {
	x, w := c.In(0).Shape, c.In(1).Shape
	heads := c.Node.Int("num_heads", 0)
	if len(x) != 3 || len(w) != 2 {
		return fmt.Errorf("input %v and weights %v: want [N,tokens,C] and [C,q+k+v]", x, w)
	}
	widths, ok := projections(c)
	if !ok {
		return fmt.Errorf("weights %v do not divide into queries, keys and values of %d heads", w, heads)
	}
	elem := c.In(0).Elem
	c.Out(0, elem, onnxio.Shape{x[0], x[1], onnxio.Known(widths[2])})
	total := x[1]
	if past := c.In(4).Shape; c.Has(4) && len(past) == 5 {
		total, _ = addDims(past[3], total)
	}
	c.Out(1, elem, onnxio.Shape{onnxio.Known(2), x[0], onnxio.Known(heads), total, onnxio.Known(widths[2] / heads)})
	return nil
}

// msAttentionAxes follows heads through the three parts of the weights.
func msAttentionAxes(a *Axes) error {
	widths, ok := projections(a.Infer)
	if !ok {
		return nil
	}
	n := int(a.Node.Int("num_heads", 0))
	value := int(widths[2]) / n
	a.Same(In(0, 2), In(1, 0))
	tied := []headAxis{{Out(0, 2), 0, value}}
	at := 0
	for j, w := range widths {
		size := int(w) / n
		tied = append(tied, headAxis{In(1, 1), at, size}, headAxis{In(2, 0), at, size})
		if a.Node.Has("qkv_hidden_sizes") {
			a.Follow(Extent{Attr: "qkv_hidden_sizes", List: true, Index: j, Ref: In(1, 1), From: at, To: at + int(w)})
		}
		at += int(w)
	}
	a.tieHeads(n, append(tied, headAxis{In(4, 2), 0, 1}, headAxis{Out(1, 2), 0, 1}, headAxis{In(5, 1), 0, 1})...)
	a.Follow(Extent{Attr: "num_heads", Ref: Out(0, 2), Per: value})
	a.pinTokens()
	return nil
}

// pinTokens pins every axis that a rule of attention has not spoken of.
func (a *Axes) pinTokens() {
	a.each(func(r Ref) {
		if !a.named[r] {
			a.Pin(r, "its tokens are weighed against each other")
		}
	})
}
