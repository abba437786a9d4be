package head

import (
	"fmt"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
)

// Distribution returns a model that has the class scores of m as one
// distribution over two or more classes, as logits or behind a Softmax, and its
// head. That is m itself but where a sample has a single value z: a copy gives
// the logits 0 and z then. Output is as for Find. Several values behind a
// Sigmoid are an error: no distribution is made of them.
func Distribution(m *onnxio.Model, output string) (*onnxio.Model, Head, error) {
	h, err := Find(m, output)
	switch {
	case err != nil:
		return nil, h, err
	case h.End == Sigmoid && h.Values != 1:
		return nil, h, fmt.Errorf("output %q %v ends in a Sigmoid: it looks multi-label, each value a yes or no of its own; scores of one class a sample are expected, as logits or behind a Softmax", h.Output, h.Type)
	case h.Values != 1:
		return m, h, nil
	}
	m = m.Clone()
	p := m.Graph.Edit()
	two := p.Fresh(h.Output + ".two_classes")
	e := op.NewEmit(p, m.Opset(""), h.Output+".")
	e.Into(two, "Concat", []string{e.Mul(h.Logits, e.Scalar(0)), h.Logits}, onnxio.Int("axis", 1))
	t := onnxio.Type{Elem: h.Type.Elem, Shape: h.Type.Shape.Clone()}
	t.Shape[1] = onnxio.Known(2)
	p.SetOutputType(two, t)
	if err := p.Apply(); err != nil {
		return nil, h, fmt.Errorf("give output %q two classes: %w", h.Output, err)
	}
	h.Output, h.Logits, h.Type, h.LogitsType, h.Values, h.End = two, two, t, t, 2, Logits
	return m, h, nil
}

// least is what probabilities are raised to before their logarithm is taken.
const least = 1e-38

// Expose returns a model with the logits of a head among its outputs, as float
// [batch, classes, …], and their name: the model itself where they are an
// output, else a copy. Of an operator that gives probabilities by itself, as a
// classifier of the domain ai.onnx.ml does, the logits are their logarithms, or
// log p/(1−p) behind a Sigmoid.
func Expose(m *onnxio.Model, h Head) (*onnxio.Model, string, error) {
	logits := h.Logits
	computed := h.End != Logits && h.End != LogSoftmax && h.Logits == h.Output
	if m.Graph.IsOutput(logits) && !computed {
		return m, logits, nil
	}
	m = m.Clone()
	p := m.Graph.Edit()
	if computed {
		e := op.NewEmit(p, m.Opset(""), h.Output+".")
		log := func(x string) string { return e.Of("Log", e.Op("Max", []string{x, e.Scalar(least)})) }
		logits = log(h.Output)
		if h.End == Sigmoid {
			logits = e.Sub(logits, log(e.Sub(e.Scalar(1), h.Output)))
		}
	}
	t := h.LogitsType
	if t.Elem == 0 {
		t = h.Type
	}
	p.SetOutputType(logits, t)
	if err := p.Apply(); err != nil {
		return nil, "", fmt.Errorf("give the logits of output %q: %w", h.Output, err)
	}
	return m, logits, nil
}
