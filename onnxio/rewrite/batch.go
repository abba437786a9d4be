package rewrite

import (
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
)

// FreeBatch makes the first axis of all inputs and outputs free where every
// input fixes it to the same number. It returns the model unchanged, and
// false, when the batch is free already, or when it cannot be: a shape
// inside the graph holds the number, or an operator is not understood. Shapes
// that begin with it are no hindrance where a Reshape takes what begins with
// it, too: there it copies that axis instead.
func FreeBatch(m *onnxio.Model) (*onnxio.Model, bool, error) {
	out, err := copyBatch(m)
	if err != nil {
		return nil, false, err
	}
	free := op.FreeBatch(out)
	facts, err := op.InferGraph(out, free)
	if err != nil || len(facts.Unknown) > 0 || len(free.Inputs) == 0 {
		return m, false, nil
	}
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

// copyBatch has every Reshape whose shape begins with the extent of the axis
// that it takes first copy that extent. At the batch that the model states this
// changes nothing.
func copyBatch(m *onnxio.Model) (*onnxio.Model, error) {
	out := m.Clone()
	facts, err := op.InferGraph(out, op.InferOptions{})
	if err != nil {
		return out, nil
	}
	p := out.Graph.Edit()
	for _, n := range out.Graph.Nodes() {
		if n.Op() != "Reshape" || n.Domain() != "" || n.Int("allowzero", 0) != 0 {
			continue
		}
		to, known := onnxio.Shape(facts.Values[n.Input(1)]).Ints()
		from := facts.Types[n.Input(0)].Shape
		if c, _ := out.Graph.Constant(n.Input(1)); c == nil || !known || len(to) == 0 || to[0] < 1 || len(from) == 0 || !from[0].Is(to[0]) {
			continue
		}
		to[0] = 0
		shape := onnxio.NewTensor(p.Fresh(n.Input(1)+".free"), []int64{int64(len(to))}, to)
		p.SetInitializer(shape)
		p.SetInput(n, 1, shape.Name())
	}
	return out, p.Apply()
}
