package op

import (
	"fmt"

	"github.com/prunefuse/prunefuse/onnxio"
)

// The recurrent operators are of one form: X [T,N,I] over T steps, weights
// W [D,G·H,I] and R [D,G·H,H] of G gates for D directions, bias B [D,2·G·H],
// the lengths of the sequences [N], and the initial states [D,N,H]. What they
// give is Y [T,D,N,H] and the last states [D,N,H]. With layout 1 the batch
// comes first.

// recurrent is the inputs and outputs of one of the operators.
type recurrent struct {
	gates    int
	states   int // initial states, from input 5 on; as many last ones, from output 1 on
	peephole int // the input of weights [D,3·H] from the cell, 0 where there are none
	apart    int // how many of the last gates use weights that the others do not wait for

	activations []string // unless stated
	// step is one step of a direction: fed is what the input adds to the
	// gates, the result the next states, the hidden one first.
	step func(u *unrolled, fed string, state []string) []string
}

const (
	recurrentLengths = 4
	recurrentState   = 5
)

// recurrentLayout is where batch, steps and directions stand among the axes.
type recurrentLayout struct {
	steps, batch            int // of X
	ySteps, yBatch, yAcross int // of Y
	stateBatch, stateAcross int // of a state
}

func layoutOf(c *Infer) recurrentLayout {
	if c.Node.Int("layout", 0) == 0 {
		return recurrentLayout{steps: 0, batch: 1, ySteps: 0, yAcross: 1, yBatch: 2, stateAcross: 0, stateBatch: 1}
	}
	return recurrentLayout{batch: 0, steps: 1, yBatch: 0, ySteps: 1, yAcross: 2, stateBatch: 0, stateAcross: 1}
}

func (r recurrent) shape(c *Infer) error {
	x, w, rec := c.In(0).Shape, c.In(1).Shape, c.In(2).Shape
	if len(x) != 3 || len(w) != 3 || len(rec) != 3 {
		return fmt.Errorf("input %v, weights %v and %v: want three axes each", x, w, rec)
	}
	h := rec[2]
	if gates := h.Mul(onnxio.Known(int64(r.gates))); w[1].IsKnown() && gates.IsKnown() && (w[1] != gates || rec[1] != gates) {
		return fmt.Errorf("weights %v and %v: want %d·%v on axis 1", w, rec, r.gates, h)
	}
	if n := c.Node.Int("hidden_size", 0); n != 0 && h.IsKnown() && !h.Is(n) {
		return fmt.Errorf("hidden_size %d, weight %v has %v", n, rec, h)
	}
	if x[2].IsKnown() && w[2].IsKnown() && x[2] != w[2] {
		return fmt.Errorf("input %v and weight %v do not fit: %v against %v", x, w, x[2], w[2])
	}
	d := onnxio.Known(1)
	if c.Node.Str("direction", "forward") == "bidirectional" {
		d = onnxio.Known(2)
	}
	at := layoutOf(c)
	y := make(onnxio.Shape, 4)
	y[at.ySteps], y[at.yAcross], y[at.yBatch], y[3] = x[at.steps], d, x[at.batch], h
	c.Out(0, c.In(0).Elem, y)
	for i := range r.states {
		s := make(onnxio.Shape, 3)
		s[at.stateAcross], s[at.stateBatch], s[2] = d, x[at.batch], h
		c.Out(1+i, c.In(0).Elem, s)
	}
	return nil
}

// axes ties the input's features to W. Index i of the hidden state is row i
// of every gate, of both halves of the bias, and the same in both directions.
// It is summed over by R, so that a state whose column there is zero has no
// effect but its own output.
func (r recurrent) axes(a *Axes) error {
	at := layoutOf(a.Infer)
	hidden := In(2, 2)
	a.Same(In(0, 2), In(1, 2))
	a.Same(In(0, at.batch), In(recurrentLengths, 0), Out(0, at.yBatch))
	a.Same(hidden, Out(0, 3))
	a.Sums(hidden)
	a.Follow(Extent{Attr: "hidden_size", Ref: hidden})
	h := int(a.Dim(hidden).Or(0))
	a.striped(hidden, In(1, 1), h, r.gates)
	a.striped(hidden, In(2, 1), h, r.gates)
	if a.Has(3) {
		a.striped(hidden, In(3, 1), h, 2*r.gates)
	}
	const across, along = "it has one index for each direction", "it is gone along step by step"
	if r.peephole > 0 && a.Has(r.peephole) {
		a.striped(hidden, In(r.peephole, 1), h, 3)
		a.Pin(In(r.peephole, 0), across)
	}
	for i := range r.states {
		first, last := recurrentState+i, 1+i
		a.Same(hidden, In(first, 2), Out(last, 2))
		a.Same(In(0, at.batch), In(first, at.stateBatch), Out(last, at.stateBatch))
		a.Pin(In(first, at.stateAcross), across)
		a.Pin(Out(last, at.stateAcross), across)
	}
	for _, ref := range []Ref{In(1, 0), In(2, 0), In(3, 0), Out(0, at.yAcross)} {
		a.Pin(ref, across)
	}
	a.Pin(In(0, at.steps), along)
	a.Pin(Out(0, at.ySteps), along)
	return nil
}

// cost counts the products with W and R at every step.
func (r recurrent) cost(c *Infer) onnxio.Dim {
	x := c.In(0).Shape
	w, _ := addDims(c.In(1).Shape.Size(), c.In(2).Shape.Size())
	return x[0].Mul(x[1]).Mul(w)
}

// def returns the definition of an operator of this form.
func (r recurrent) def(name string, cases []Case, since ...int64) Def {
	return Def{
		Type: name, Since: since, Shape: r.shape, Axes: r.axes, Cost: r.cost,
		Decompose: r.unroll, Grad: throughDecomposition, Cases: cases,
	}
}

// inputs returns all those of an operator of this form, for d directions: T=4
// steps, a batch of 3, 5 features and a hidden state of 3.
func (r recurrent) inputs(d int64) []Input {
	const steps, batch, features, h = 4, 3, 5, 3
	g := int64(r.gates)
	in := []Input{X(steps, batch, features), W(d, g*h, features), W(d, g*h, h), W(d, 2*g*h)}
	in = append(in, Input{Shape: []int64{batch}, Ints: []int64{4, 2, 3}, Elem: onnxio.Int32, Const: true})
	for range r.states {
		in = append(in, W(d, batch, h))
	}
	if r.peephole > 0 {
		in = append(in, W(d, 3*h))
	}
	return in
}

// cases returns those of every operator of this form.
func (r recurrent) cases() []Case {
	const steps, batch, features, h = 4, 3, 5, 3
	g := int64(r.gates)
	size := onnxio.Int("hidden_size", h)
	weights, all := r.inputs(1)[:4:4], r.inputs
	out := 1 + r.states
	return []Case{
		{Name: "weights alone", Inputs: weights[:3], Attrs: attrs(size)},
		{Name: "bias", Inputs: weights, Attrs: attrs(size), Out: out},
		{Name: "all inputs", Inputs: all(1), Attrs: attrs(size), Out: out},
		{Name: "reverse", Inputs: all(1), Attrs: attrs(size, onnxio.Str("direction", "reverse")), Out: out},
		{Name: "both directions", Inputs: all(2), Attrs: attrs(size, onnxio.Str("direction", "bidirectional")), Out: out},
		{Name: "initial state", Inputs: append(weights, None(), W(1, batch, h)), Attrs: attrs(size), Out: out},
		{Name: "clip", Inputs: weights, Attrs: attrs(size, onnxio.Float("clip", 0.5))},
		{Name: "one sequence", Inputs: []Input{X(steps, 1, features), W(1, g*h, features), W(1, g*h, h)}, Attrs: attrs(size), Out: out},
		{Name: "opset 7", Opset: 7, Inputs: all(1), Attrs: attrs(size), Out: out},
		{Name: "opset 14", Opset: 14, Inputs: all(2), Attrs: attrs(size, onnxio.Str("direction", "bidirectional")), Out: out},
		{Name: "opset 21", Opset: 21, Inputs: all(1), Attrs: attrs(size), Out: out},
	}
}
