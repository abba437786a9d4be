package op

import (
	"fmt"

	"github.com/prunefuse/prunefuse/onnxio"
)

// Fold returns the model with everything resolved that does not depend on
// its inputs' values: integers computed from shapes become Constant nodes
// where they are known, readers of an Identity of a constant read the
// constant, and what no output needs is gone. What the outputs are does not
// change. The model itself is not touched. A batch that the inputs alone fix is
// not written into the graph, which can still be given another one.
//
// Weights made by a node, such as a large ConstantOfShape, stay as they are.
func Fold(m *onnxio.Model) (*onnxio.Model, error) {
	m, err := Inline(m)
	if err != nil {
		return nil, fmt.Errorf("fold: %w", err)
	}
	f, err := InferGraph(m, FreeBatch(m))
	if err != nil {
		return nil, fmt.Errorf("fold: %w", err)
	}
	out := m.Clone()
	p := out.Graph.Edit()
	for _, n := range m.Graph.Nodes() {
		if t := f.folded(m.Graph, n); t != nil && !m.Graph.IsOutput(t.Name()) {
			p.Remove(n)
			p.Add(onnxio.NodeSpec{Op: "Constant", Name: n.Name(), Outputs: []string{t.Name()}, Attrs: []onnxio.Attr{onnxio.TensorValue("value", t.Renamed(""))}})
		}
	}
	if err := p.Apply(); err != nil {
		return nil, fmt.Errorf("fold: %w", err)
	}
	if err := resolveIdentities(out.Graph); err != nil {
		return nil, fmt.Errorf("fold: %w", err)
	}
	if err := Sweep(out.Graph); err != nil {
		return nil, fmt.Errorf("fold: %w", err)
	}
	return out, nil
}

// folded returns the value of a node's single output where it is known; nil for
// the others, and for constants and their aliases.
func (f *Facts) folded(g *onnxio.Graph, n *onnxio.Node) *onnxio.Tensor {
	name := n.Output(0)
	if len(n.Outputs()) != 1 || Lookup(n, f.Opset) == nil {
		return nil
	}
	if t, _ := g.Constant(name); t != nil {
		return nil
	}
	dims, ok := f.Values[name]
	v, known := onnxio.Shape(dims).Ints()
	shape, fixed := f.Types[name].Shape.Ints()
	if !ok || !known || !fixed || !f.Types[name].Shape.Size().Is(int64(len(v))) {
		return nil
	}
	switch f.Types[name].Elem {
	case onnxio.Int64:
		return onnxio.NewTensor(name, shape, v)
	case onnxio.Int32:
		return onnxio.NewTensor(name, shape, convert[int32](v))
	case onnxio.Float32:
		return onnxio.NewTensor(name, shape, convert[float32](v))
	case onnxio.Bool:
		b := make([]bool, len(v))
		for i := range v {
			b[i] = v[i] != 0
		}
		return onnxio.NewTensor(name, shape, b)
	}
	return nil
}

func convert[T int8 | uint8 | int16 | int32 | uint32 | uint64 | float32](v []int64) []T {
	out := make([]T, len(v))
	for i := range v {
		out[i] = T(v[i])
	}
	return out
}

// resolveIdentities makes the readers of an Identity of a constant read the
// constant.
func resolveIdentities(g *onnxio.Graph) error {
	p := g.Edit()
	for _, n := range g.Nodes() {
		if n.Op() != "Identity" || n.Domain() != "" {
			continue
		}
		if _, root := g.Constant(n.Input(0)); root != "" && !capturedBySubgraph(g, n.Output(0)) {
			p.Redirect(n.Output(0), root)
		}
	}
	return p.Apply()
}

func capturedBySubgraph(g *onnxio.Graph, name string) bool {
	for _, u := range g.Consumers(name) {
		if u.Index < 0 {
			return true
		}
	}
	return false
}

// Sweep removes the nodes and initializers that no output of the graph
// depends on. Inputs stay.
func Sweep(g *onnxio.Graph) error {
	live := map[*onnxio.Node]bool{}
	needed := func(value string) bool {
		if g.IsOutput(value) {
			return true
		}
		for _, u := range g.Consumers(value) {
			if live[u.Node] {
				return true
			}
		}
		return false
	}
	p := g.Edit()
	nodes := g.Nodes()
	for i := len(nodes) - 1; i >= 0; i-- {
		for _, o := range nodes[i].Outputs() {
			live[nodes[i]] = live[nodes[i]] || (o != "" && needed(o))
		}
		if !live[nodes[i]] {
			p.Remove(nodes[i])
		}
	}
	for _, t := range g.Initializers() {
		if !needed(t.Name()) {
			p.RemoveInitializer(t.Name())
		}
	}
	return p.Apply()
}
