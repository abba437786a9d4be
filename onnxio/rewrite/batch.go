package rewrite

import (
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
)

// batchSymbol names a batch size that was fixed before.
const batchSymbol = "batch"

// FreeBatch makes the first axis of all inputs and outputs free where every
// input fixes it to the same number. It returns the model unchanged, and
// false, when the batch is free already, or when it cannot be: a shape
// inside the graph holds the number, or an operator is not understood.
func FreeBatch(m *onnxio.Model) (*onnxio.Model, bool, error) {
	free := map[string]onnxio.Shape{}
	var fixed onnxio.Dim
	for i, v := range m.Graph.Inputs() {
		if len(v.Type.Shape) == 0 || !v.Type.Shape[0].IsKnown() || (i > 0 && v.Type.Shape[0] != fixed) {
			return m, false, nil
		}
		fixed = v.Type.Shape[0]
		free[v.Name] = v.Type.Shape.Clone()
		free[v.Name][0] = onnxio.Symbol(batchSymbol)
	}
	facts, err := op.InferGraph(m, op.InferOptions{Inputs: free})
	if err != nil || len(facts.Unknown) > 0 || len(free) == 0 {
		return m, false, nil
	}
	out := m.Clone()
	p := out.Graph.Edit()
	for _, v := range m.Graph.Inputs() {
		p.SetInputType(v.Name, onnxio.Type{Elem: v.Type.Elem, Shape: free[v.Name]})
	}
	for _, v := range m.Graph.Outputs() {
		t := facts.Types[v.Name]
		if len(t.Shape) == 0 || t.Shape[0] != onnxio.Symbol(batchSymbol) {
			return m, false, nil
		}
		p.SetOutputType(v.Name, t)
	}
	p.SetTypes(nil)
	return out, true, p.Apply()
}
