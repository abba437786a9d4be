package op

import "github.com/prunefuse/prunefuse/onnxio"

// Stats are the sizes of a model.
type Stats struct {
	// Parameters is the number of learnable values: every float constant of
	// rank 1 or more that a node reads other than as running statistics,
	// counted once however many read it.
	Parameters int64
	// State is the number of values in running statistics.
	State int64
	// MACs is the number of multiply-accumulates for one sample: a free batch
	// counts as 1, a fixed one as it stands.
	MACs int64
	// Uncounted are the nodes whose cost is not in MACs: their operator is
	// not in the table, or a shape is not known.
	Uncounted []*onnxio.Node
}

// Count measures a model.
func Count(m *onnxio.Model) (*Stats, error) {
	f, err := InferGraph(m, InferOptions{Inputs: oneSample(m.Graph)})
	if err != nil {
		return nil, err
	}
	s := &Stats{}
	role := map[string]bool{} // by constant: whether it is learnable
	size := map[string]int64{}
	for _, n := range m.Graph.Nodes() {
		macs, ok := f.MACs(m.Graph, n)
		s.MACs += macs
		if !ok {
			s.Uncounted = append(s.Uncounted, n)
		}
		d := Lookup(n, f.Opset)
		for i, in := range n.Inputs() {
			t, root := m.Graph.Constant(in)
			if t == nil || t.Rank() == 0 || !t.Elem().Float() || n.Op() == "Identity" {
				continue
			}
			size[root] = t.Len()
			role[root] = role[root] || d == nil || !d.isState(i)
		}
	}
	for root, learnable := range role {
		if learnable {
			s.Parameters += size[root]
		} else {
			s.State += size[root]
		}
	}
	return s, nil
}

func (d *Def) isState(input int) bool {
	for _, s := range d.State {
		if s == input {
			return true
		}
	}
	return false
}

// MACs is the number of multiply-accumulates of one node; ok is false when
// it cannot be told.
func (f *Facts) MACs(g *onnxio.Graph, n *onnxio.Node) (macs int64, ok bool) {
	d := Lookup(n, f.Opset)
	c := &Infer{Facts: f, Node: n, Graph: g}
	if d == nil || c.OutType(0).Shape == nil {
		return 0, false
	}
	for i := range n.Inputs() {
		if c.Has(i) && c.In(i).Shape == nil {
			return 0, false
		}
	}
	return d.Cost(c).Value()
}

// oneSample gives every graph input with a free first axis the extent 1
// there.
func oneSample(g *onnxio.Graph) map[string]onnxio.Shape {
	out := map[string]onnxio.Shape{}
	for _, v := range g.Inputs() {
		if s := v.Type.Shape; len(s) > 0 && !s[0].IsKnown() {
			out[v.Name] = s.Clone()
			out[v.Name][0] = onnxio.Known(1)
		}
	}
	return out
}
