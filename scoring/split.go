package scoring

import (
	"slices"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
)

// halves are a model cut where randomness enters: what a batch needs once,
// and what each draw needs again.
type halves struct {
	trunk *onnxio.Model // nil where the head reads only the samples
	head  *onnxio.Model
	// cut are the values that the head reads of the trunk, in the order of
	// the trunk's outputs and of the head's first inputs.
	cut []onnxio.Value
	// samples says that the head also reads the samples, as its next input.
	samples bool
}

// split cuts a model of one input besides the draws. Output is the one value
// that is wanted; it depends on a draw.
func split(m *onnxio.Model, draws []onnxio.Value, output onnxio.Value) (*halves, error) {
	facts, err := op.InferGraph(m, op.InferOptions{})
	if err != nil {
		return nil, err
	}
	input := m.Graph.Inputs()[0] // draws were added behind it
	random, fed := reached(m.Graph, names(draws)), reached(m.Graph, []string{input.Name})
	h := &halves{}
	for _, n := range m.Graph.Nodes() {
		if !random[n.Output(0)] {
			continue
		}
		for _, v := range reads(n) {
			switch at := (onnxio.Value{Name: v, Type: facts.Types[v]}); {
			case random[v] || !fed[v] || slices.ContainsFunc(h.cut, func(c onnxio.Value) bool { return c.Name == v }):
			case v == input.Name:
				h.samples = true
			default:
				h.cut = append(h.cut, at)
			}
		}
	}
	inputs := h.cut
	if h.samples {
		inputs = append(slices.Clone(inputs), input)
	}
	h.head, err = subgraph(m, func(n *onnxio.Node) bool { return random[n.Output(0)] || !fed[n.Output(0)] },
		append(slices.Clone(inputs), draws...), []onnxio.Value{output})
	if err == nil && len(h.cut) > 0 {
		h.trunk, err = subgraph(m, func(n *onnxio.Node) bool { return !random[n.Output(0)] }, []onnxio.Value{input}, h.cut)
	}
	return h, err
}

// reached marks what depends on some values, themselves included.
func reached(g *onnxio.Graph, from []string) map[string]bool {
	out := map[string]bool{}
	for _, v := range from {
		out[v] = true
	}
	for _, n := range g.Nodes() {
		if slices.ContainsFunc(reads(n), func(v string) bool { return out[v] }) {
			for _, v := range n.Outputs() {
				out[v] = true
			}
		}
	}
	return out
}

func reads(n *onnxio.Node) []string { return append(slices.Clone(n.Inputs()), n.Captures()...) }

func names(values []onnxio.Value) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = v.Name
	}
	return out
}

// subgraph returns the model with some of its nodes, and inputs and outputs of its
// own.
func subgraph(m *onnxio.Model, keep func(*onnxio.Node) bool, inputs, outputs []onnxio.Value) (*onnxio.Model, error) {
	m = m.Clone()
	p := m.Graph.Edit()
	for _, n := range m.Graph.Nodes() {
		if !keep(n) {
			p.Remove(n)
		}
	}
	for _, v := range m.Graph.Inputs() {
		p.RemoveInput(v.Name)
	}
	for _, v := range m.Graph.Outputs() {
		p.RemoveOutput(v.Name)
	}
	for _, v := range inputs {
		p.SetInputType(v.Name, v.Type)
	}
	for _, v := range outputs {
		p.SetOutputType(v.Name, v.Type)
	}
	if err := p.Apply(); err != nil {
		return nil, err
	}
	return m, dropUnread(m)
}

// dropUnread removes weights that no node reads.
func dropUnread(m *onnxio.Model) error {
	p := m.Graph.Edit()
	for _, t := range m.Graph.Initializers() {
		if len(m.Graph.Consumers(t.Name())) == 0 && !m.Graph.IsOutput(t.Name()) {
			p.RemoveInitializer(t.Name())
		}
	}
	return p.Apply()
}
