package op

import (
	"fmt"
	"slices"

	"github.com/prunefuse/prunefuse/onnxio"
)

// Fold works out what does not depend on the inputs' values: small integer
// tensors that follow from known shapes become initializers, aliases of
// constants are read directly, and nodes and initializers that nothing needs
// any more are gone. The model itself is not changed.
func Fold(m *onnxio.Model) (*onnxio.Model, error) {
	f, err := InferGraph(m, InferOptions{})
	if err != nil {
		return nil, fmt.Errorf("fold: %w", err)
	}
	m = m.Clone()
	g := m.Graph
	p := g.Edit()
	for _, n := range g.Nodes() {
		if len(n.Outputs()) != 1 || n.Op() == "Constant" || g.IsOutput(n.Output(0)) {
			continue
		}
		out := n.Output(0)
		if t, root := g.Constant(out); t != nil && n.Op() == "Identity" && !captured(g, out) {
			p.Redirect(out, root)
			p.Remove(n)
			continue
		}
		if t := f.tensor(out); t != nil {
			p.Remove(n)
			p.SetInitializer(t)
		}
	}
	if err := p.Apply(); err != nil {
		return nil, fmt.Errorf("fold: %w", err)
	}
	return m, Sweep(g)
}

func captured(g *onnxio.Graph, name string) bool {
	for _, u := range g.Consumers(name) {
		if u.Index < 0 {
			return true
		}
	}
	return false
}

// tensor is a value that inference knows in full, nil for the others.
func (f *Facts) tensor(name string) *onnxio.Tensor {
	v, ok := f.Values[name]
	t := f.Types[name]
	if !ok || len(t.Shape) > 1 || (t.Elem != onnxio.Int64 && t.Elem != onnxio.Int32) {
		return nil
	}
	ints, ok := onnxio.Shape(v).Ints()
	if !ok {
		return nil
	}
	dims, ok := t.Shape.Ints()
	if !ok || (len(dims) == 1 && dims[0] != int64(len(ints))) || (len(dims) == 0 && len(ints) != 1) {
		return nil
	}
	if t.Elem == onnxio.Int64 {
		return onnxio.NewTensor(name, dims, ints)
	}
	narrow := make([]int32, len(ints))
	for i, n := range ints {
		narrow[i] = int32(n)
	}
	return onnxio.NewTensor(name, dims, narrow)
}

// Sweep removes the nodes whose results nothing reads, and then the
// initializers that nothing reads.
func Sweep(g *onnxio.Graph) error {
	p := g.Edit()
	live := map[*onnxio.Node]bool{}
	needed := func(name string) bool {
		if name == "" {
			return false
		}
		return g.IsOutput(name) || slices.ContainsFunc(g.Consumers(name), func(u onnxio.Use) bool { return live[u.Node] })
	}
	nodes := g.Nodes()
	for i := len(nodes) - 1; i >= 0; i-- {
		n := nodes[i]
		if live[n] = slices.ContainsFunc(n.Outputs(), needed); !live[n] {
			p.Remove(n)
		}
	}
	for _, t := range g.Initializers() {
		if !needed(t.Name()) {
			p.RemoveInitializer(t.Name())
		}
	}
	if err := p.Apply(); err != nil {
		return fmt.Errorf("remove what nothing needs: %w", err)
	}
	return nil
}
