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
// number, or with a multiple of it as attention in windows has, are no hindrance
// where the samples lie along the first axis, and neither is a token that is the
// same for every sample.
func FreeBatch(m *onnxio.Model) (out *onnxio.Model, fixed string, err error) {
	batch, fixed := fixedBatch(m)
	if fixed != "" || !batch.IsKnown() {
		return m, fixed, nil
	}
	if out, fixed, err = freed(m, batch); err != nil || fixed == "" {
		return out, "", err
	}
	// A list of extents may be put together of the number and of others.
	folded, err := op.Fold(m)
	if err != nil {
		return m, fixed, nil
	}
	out, why, err := freed(folded, batch)
	if err != nil || why == "" {
		return out, "", err
	}
	return m, fixed, nil
}

// freed is the model with the batch free, or why it cannot be.
func freed(m *onnxio.Model, batch onnxio.Dim) (out *onnxio.Model, fixed string, err error) {
	if out, err = openShapes(m); err != nil {
		return nil, "", err
	}
	s, err := newSamples(out, batch)
	if err != nil {
		return nil, err.Error(), nil
	}
	if why := s.apart(); why != "" {
		return nil, why, nil
	}
	p := out.Graph.Edit()
	for _, v := range m.Graph.Inputs() {
		p.SetInputType(v.Name, onnxio.Type{Elem: v.Type.Elem, Shape: s.inputs[v.Name]})
	}
	for _, v := range m.Graph.Outputs() {
		p.SetOutputType(v.Name, s.facts.Types[v.Name])
	}
	s.write(p)
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
