package rewrite

import (
	"fmt"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
)

// FreeBatch makes the first axis of all inputs and outputs free where every
// input fixes it to the same number and, by the axis rules of the operators,
// each sample's outputs hang on that sample alone. It returns the model itself
// where there is nothing to free or where that cannot be done; fixed then says
// why it stays, "" where the batch is free as it is. Shapes that begin with the
// number are no hindrance where a Reshape takes what begins with it, too: there
// it copies that axis instead.
func FreeBatch(m *onnxio.Model) (out *onnxio.Model, fixed string, err error) {
	batch, fixed := fixedBatch(m)
	if fixed != "" || !batch.IsKnown() {
		return m, fixed, nil
	}
	if out, err = copyBatch(m); err != nil {
		return nil, "", err
	}
	free := op.InferOptions{Inputs: map[string]onnxio.Shape{}}
	for _, v := range out.Graph.Inputs() {
		shape := v.Type.Shape.Clone()
		shape[0] = sampleDim
		free.Inputs[v.Name] = shape
	}
	facts, err := op.InferGraph(out, free)
	switch {
	case err != nil:
		return m, fmt.Sprintf("the graph holds for a batch of %v alone: %v", batch, err), nil
	case len(facts.Unknown) > 0:
		return m, fmt.Sprintf("operator %s of %v is not known", facts.Unknown[0].Op(), facts.Unknown[0]), nil
	}
	s := &samples{out, facts, map[string][]digits{}}
	if why, err := s.apart(); err != nil || why != "" {
		return m, why, err
	}
	p := out.Graph.Edit()
	for _, v := range m.Graph.Inputs() {
		p.SetInputType(v.Name, onnxio.Type{Elem: v.Type.Elem, Shape: free.Inputs[v.Name]})
	}
	for _, v := range m.Graph.Outputs() {
		p.SetOutputType(v.Name, facts.Types[v.Name])
	}
	p.SetTypes(nil)
	return out, "", p.Apply()
}

// fixedBatch is the extent that all inputs begin with, a symbol where one leaves
// it open, and why there is no such extent.
func fixedBatch(m *onnxio.Model) (batch onnxio.Dim, why string) {
	for i, v := range m.Graph.Inputs() {
		s := v.Type.Shape
		switch {
		case len(s) == 0:
			return batch, fmt.Sprintf("input %q has no axis for it", v.Name)
		case !s[0].IsKnown():
			return s[0], ""
		case i > 0 && s[0] != batch:
			return batch, fmt.Sprintf("inputs %q and %q begin with different extents", m.Graph.Inputs()[0].Name, v.Name)
		}
		batch = s[0]
	}
	return batch, ""
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
