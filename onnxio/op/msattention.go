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
	Shape: msAttentionShape, Grad: NoGrad("its gradient is not derived"),
	Axes: func(a *Axes) error {
		a.Same(In(0, 2), In(1, 0))
		a.each(func(r Ref) {
			if r != In(0, 2) && r != In(1, 0) {
				a.Pin(r, "its heads are parts of an axis, and its tokens are weighed against each other")
			}
		})
		return nil
	},
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
	},
}

func msAttentionShape(c *Infer) error {
	x, w := c.In(0).Shape, c.In(1).Shape
	heads := c.Node.Int("num_heads", 0)
	if len(x) != 3 || len(w) != 2 || heads < 1 {
		return fmt.Errorf("input %v, weights %v and %d heads: want [N,tokens,C] and [C,q+k+v]", x, w, heads)
	}
	size, ok := w[1].Div(onnxio.Known(3))
	if sizes := c.Node.Ints("qkv_hidden_sizes"); len(sizes) == 3 {
		size, ok = onnxio.Known(sizes[2]), true
	}
	each, whole := size.Div(onnxio.Known(heads))
	if !ok || !whole {
		return fmt.Errorf("weights %v do not divide into %d heads", w, heads)
	}
	elem := c.In(0).Elem
	c.Out(0, elem, onnxio.Shape{x[0], x[1], size})
	total := x[1]
	if past := c.In(4).Shape; c.Has(4) && len(past) == 5 {
		total, _ = addDims(past[3], total)
	}
	c.Out(1, elem, onnxio.Shape{onnxio.Known(2), x[0], onnxio.Known(heads), total, each})
	return nil
}
