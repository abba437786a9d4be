package op

import (
	"fmt"
	"maps"
	"slices"

	"github.com/prunefuse/prunefuse/onnxio"
)

// Dropping returns the model with Dropout as it is in training and all else
// as it is in inference, and the inputs that this adds: each is to be fed
// with uniform draws from [0, 1). A Dropout that drops nothing adds none.
func Dropping(m *onnxio.Model) (*onnxio.Model, []onnxio.Value, error) {
	m, err := Lift(m)
	if err != nil {
		return nil, nil, err
	}
	f, err := InferGraph(m, InferOptions{})
	if err != nil {
		return nil, nil, err
	}
	m = m.Clone()
	p := m.Graph.Edit()
	d := NewDerivative(NewEmit(p, f.Opset, "dropping."), f, m.Graph)
	t := newTraining()
	for _, n := range m.Graph.Nodes() {
		if n.Op() != dropout.Type || n.Domain() != "" {
			continue
		}
		p.Remove(n)
		if err := d.train(n, &dropout, t); err != nil {
			return nil, nil, err
		}
	}
	var draws []onnxio.Value
	for _, name := range slices.Sorted(maps.Keys(t.Uniform)) {
		p.SetInputType(name, t.Uniform[name])
		draws = append(draws, onnxio.Value{Name: name, Type: t.Uniform[name]})
	}
	if err := p.Apply(); err != nil {
		return nil, nil, fmt.Errorf("write Dropout as in training: %w", err)
	}
	return m, draws, nil
}
