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
	Shape: attentionShape, Axes: attentionAxes, Decompose: attentionDecomposition, Grad: throughDecomposition,
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
		{Name: "shared keys, heads together", Opset: 23, Inputs: []Input{X(2, 4, 12), X(2, 5, 6), X(2, 5, 9), X(1, 6, 4, 5)}, Attrs: attrs(onnxio.Int("q_num_heads", 6), onnxio.Int("kv_num_heads", 3))},
		{Name: "past, stated scale", Opset: 23, Inputs: []Input{X(2, 3, 4, 5), X(2, 3, 6, 5), X(2, 3, 6, 5), None(), X(2, 3, 2, 5), X(2, 3, 2, 5)}, Attrs: attrs(onnxio.Float("scale", 0.3)), Out: 3},
		{Name: "softcap", Opset: 23, Inputs: []Input{X(2, 3, 4, 5), X(2, 3, 6, 5), X(2, 3, 6, 5)}, Attrs: attrs(onnxio.Float("softcap", 2))},
		{Name: "truth values", Opset: 23, Inputs: []Input{X(2, 3, 2, 5), X(2, 3, 3, 5), X(2, 3, 3, 5), Bools([]int64{1, 0, 1, 1, 1, 0}, 2, 3)}, Fixed: true},
		{Name: "heads together", Opset: 23, Inputs: []Input{X(2, 4, 6), X(2, 5, 6), X(2, 5, 6)}, Attrs: attrs(onnxio.Int("q_num_heads", 3), onnxio.Int("kv_num_heads", 3))},
	},
}

// headed returns an operand's shape as [N,heads,tokens,size]; nil where it has
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

// attentionAxes follows heads, a key's with all the queries' that share it,
// and, where heads have an axis of their own, their sizes. A product of queries
// and keys is scaled by their size, so that a smaller one is another function
// unless the scale is stated.
func attentionAxes(a *Axes) error {
	q, k, v := a.headed(0, "q_num_heads"), a.headed(1, "kv_num_heads"), a.headed(2, "kv_num_heads")
	if len(a.In(0).Shape) != len(a.In(1).Shape) || len(a.In(0).Shape) != len(a.In(2).Shape) {
		a.PinAll("only some of its inputs have an axis of heads")
		return nil
	}
	n, heads := int(k[1].Or(0)), int(q[1].Or(0))
	if n < 1 || heads < n || heads%n != 0 {
		a.PinAll("its numbers of heads are not known, or do not divide")
		return nil
	}
	a.Same(In(0, 0), In(1, 0), In(2, 0), In(4, 0), In(5, 0), Out(0, 0), Out(1, 0), Out(2, 0), Out(3, 0))
	shared := heads / n
	tied := []headAxis{{In(4, 1), 0, 1}, {In(5, 1), 0, 1}, {Out(1, 1), 0, 1}, {Out(2, 1), 0, 1}, {Out(3, 1), 0, shared}}
	if len(a.In(0).Shape) == 4 {
		tied = append([]headAxis{{In(1, 1), 0, 1}, {In(2, 1), 0, 1}, {In(0, 1), 0, shared}, {Out(0, 1), 0, shared}}, tied...)
		a.Same(In(0, 3), In(1, 3), In(4, 3), Out(1, 3))
		a.Same(In(2, 3), In(5, 3), Out(0, 3), Out(2, 3))
		if a.Node.Float("scale", 0) == 0 || a.Given(Out(1, 3)) {
			a.Mixes(In(0, 3))
		}
	} else {
		key, value := int(k[3].Or(0)), int(v[3].Or(0))
		tied = append([]headAxis{{In(1, 2), 0, key}, {In(2, 2), 0, value}, {In(0, 2), 0, shared * key}, {Out(0, 2), 0, shared * value}}, tied...)
		a.Follow(Extent{Attr: "q_num_heads", Ref: In(0, 2), Per: key})
		a.Follow(Extent{Attr: "kv_num_heads", Ref: In(1, 2), Per: key})
	}
	if mask := a.In(3).Shape; a.Has(3) {
		if k := len(mask) - 3; k >= 0 {
			tied = append(tied, headAxis{In(3, k), 0, shared})
		}
		if len(mask) == 4 {
			a.alignedTo(In(0, 0), In(3, 0))
		}
	}
	a.tieHeads(n, tied...)
	return nil
}

// headAxis is an axis of which, from position at on, every head has a run of
// that size.
type headAxis struct {
	ref      Ref
	at, size int
}

// tieHeads says that n heads go or stay as wholes, on all the axes. Tensors
// that are left out, and axes of extent 1 that serve every head, are skipped.
func (a *Axes) tieHeads(n int, axes ...headAxis) {
	base := axes[0]
	for _, x := range axes {
		if !a.Given(x.ref) {
			continue
		}
		if !a.there(x.ref) {
			a.Free(x.ref) // which is found to be unsound
			continue
		}
		if n > 1 && a.Dim(x.ref).Is(1) {
			a.Free(x.ref)
			continue
		}
		if d, ok := a.Dim(x.ref).Value(); !ok || d < int64(x.at+n*x.size) {
			a.Pin(x.ref, "its heads do not divide it")
			continue
		}
		for h := range x.size {
			at, to := make([]int, n), make([]int, n)
			for i := range n {
				at[i], to[i] = base.at+i*base.size, x.at+i*x.size+h
			}
			a.Match(base.ref, x.ref, at, to)
		}
	}
}
