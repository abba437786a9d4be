package training

import (
	"slices"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
)

// weightsAsInitializers returns a copy of the model in which every weight is an
// initializer, where training can write it. Functions and decided branches are
// inlined. It changes nothing else.
func weightsAsInitializers(m *onnxio.Model) (*onnxio.Model, error) {
	m, err := op.Inline(m)
	if err != nil {
		return nil, err
	}
	p := m.Graph.Edit()
	for _, n := range m.Graph.Nodes() {
		if n.Domain() != "" || (n.Op() != "Constant" && n.Op() != "Identity") {
			continue
		}
		if t, _ := m.Graph.Constant(n.Output(0)); t != nil && t.Rank() > 0 && t.Elem().Float() {
			p.Remove(n)
			p.SetInitializer(t.Renamed(n.Output(0)))
		}
	}
	if err := p.Apply(); err != nil {
		return nil, err
	}
	p = m.Graph.Edit()
	for _, n := range m.Graph.Nodes() {
		d := op.Lookup(n, m.Opset(""))
		if d == nil {
			continue
		}
		for _, i := range d.State {
			t := m.Graph.Initializer(n.Input(i))
			if t == nil || !sharedState(m.Graph, n, i) {
				continue
			}
			t = t.Renamed(p.Fresh(n.Output(0) + "." + t.Name()))
			p.SetInitializer(t)
			p.SetInput(n, i, t.Name())
		}
	}
	return m, p.Apply()
}

// sharedState reports whether a node shares a running statistic with another
// use that is not the same layer applied once more.
func sharedState(g *onnxio.Graph, n *onnxio.Node, input int) bool {
	uses := g.Consumers(n.Input(input))
	return slices.ContainsFunc(uses, func(u onnxio.Use) bool {
		if u.Node == n {
			return u.Index != input
		}
		return u.Index != input || u.Node.Op() != n.Op() || !slices.Equal(u.Node.Inputs()[1:], n.Inputs()[1:])
	})
}
