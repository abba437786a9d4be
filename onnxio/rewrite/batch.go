package rewrite

import (
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
)

// FreeBatch makes the first axis of all inputs and outputs free where every
// input fixes it to the same number. It returns the model unchanged, and
// false, when the batch is free already, or when it cannot be: a shape
// inside the graph holds the number, or an operator is not understood.
func FreeBatch(m *onnxio.Model) (*onnxio.Model, bool, error) {
	free := op.FreeBatch(m)
	facts, err := op.InferGraph(m, free)
	if err != nil || len(facts.Unknown) > 0 || len(free.Inputs) == 0 {
		return m, false, nil
	}
	out := m.Clone()
	p := out.Graph.Edit()
	for _, v := range m.Graph.Inputs() {
		p.SetInputType(v.Name, onnxio.Type{Elem: v.Type.Elem, Shape: free.Inputs[v.Name]})
	}
	for _, v := range m.Graph.Outputs() {
		p.SetOutputType(v.Name, facts.Types[v.Name])
	}
	p.SetTypes(nil)
	return out, true, p.Apply()
}
