package op

import (
	"fmt"
	"slices"

	"github.com/prunefuse/prunefuse/onnxio"
)

// Stats are the sizes of a model.
type Stats struct {
	// Parameters are the learnable numbers: the elements of float constants
	// that nodes read and that have at least one axis, each constant once.
	// Scalars, such as the bounds of a Clip, are none.
	Parameters int64
	// State are the elements of running statistics.
	State int64
	// MACs are the multiply-accumulates of one forward pass: of one sample
	// where the batch is free, of the whole batch where it is fixed.
	MACs  int64
	Nodes int
	ByOp  map[string]int // nodes by operator, with its domain where it has one
	// PerNode are the nodes that cost anything, in graph order.
	PerNode []NodeCost
	// Uncounted are the nodes whose cost is not known: their operator is not
	// in the table, or their shapes are not known.
	Uncounted []*onnxio.Node
	// Open are the inputs that have open axes besides the batch; where there
	// are any, most of a model may be Uncounted.
	Open []string
}

// NodeCost is the multiply-accumulates of one node.
type NodeCost struct {
	Node *onnxio.Node
	MACs int64
}

// CountModel infers a model's facts and measures it. Shapes give the extents
// of inputs of open size; nil is none.
func CountModel(m *onnxio.Model, shapes onnxio.InputShapes) (Stats, error) {
	inputs, open, err := shapes.Sample(m.Graph.Inputs())
	if err != nil {
		return Stats{}, fmt.Errorf("count: %w", err)
	}
	f, err := InferGraph(m, InferOptions{Inputs: inputs})
	if err != nil {
		return Stats{}, fmt.Errorf("count: %w", err)
	}
	s := Count(m, f)
	s.Open = open
	return s, nil
}

// MACsKnown reports whether the MACs are worth telling: it is false where they
// hang on the size of an input that is open.
func (s Stats) MACsKnown() bool { return len(s.Open) == 0 || len(s.Uncounted) == 0 }

// MACsInBoth returns the multiply-accumulates of two models without the nodes,
// told by their first outputs, whose cost is not known in one of them; skipped
// is how many those are.
func MACsInBoth(a, b Stats) (macsA, macsB int64, skipped int) {
	unknown := map[string]bool{}
	for _, n := range slices.Concat(a.Uncounted, b.Uncounted) {
		unknown[n.Output(0)] = true
	}
	sum := func(s Stats) (macs int64) {
		for _, c := range s.PerNode {
			if !unknown[c.Node.Output(0)] {
				macs += c.MACs
			}
		}
		return macs
	}
	return sum(a), sum(b), len(unknown)
}

// Count measures a model whose facts are f. Symbolic first axes of inputs,
// the batch, count as one.
func Count(m *onnxio.Model, f *Facts) Stats {
	s := Stats{Nodes: len(m.Graph.Nodes()), ByOp: map[string]int{}}
	cost := CostOf(m)
	for _, n := range m.Graph.Nodes() {
		name := n.Op()
		if n.Domain() != "" {
			name = n.Domain() + "." + name
		}
		s.ByOp[name]++
		macs, ok := cost(f, n)
		switch {
		case !ok:
			s.Uncounted = append(s.Uncounted, n)
		case macs > 0:
			s.MACs += macs
			s.PerNode = append(s.PerNode, NodeCost{n, macs})
		}
	}
	s.weights(m.Graph, f)
	return s
}

// CostOf returns a function for the multiply-accumulates of the nodes of a
// model at a batch of one, which takes the types of a node's inputs and
// outputs from its first argument. Ok is false where the cost is not known.
func CostOf(m *onnxio.Model) func(f *Facts, n *onnxio.Node) (macs int64, ok bool) {
	var batch []onnxio.Dim
	for _, v := range m.Graph.Inputs() {
		if s := v.Type.Shape; len(s) > 0 && !s[0].IsKnown() && !slices.Contains(batch, s[0]) {
			batch = append(batch, s[0])
		}
	}
	return func(f *Facts, n *onnxio.Node) (int64, bool) {
		d := Lookup(n, f.Opset)
		if d == nil {
			return 0, false
		}
		c := &Infer{Facts: f, Node: n, Graph: m.Graph}
		if !c.shaped() {
			return 0, false
		}
		total := d.Cost(c)
		for _, b := range batch {
			for q, divides := total.Div(b); divides && !total.Is(0); q, divides = total.Div(b) {
				total = q
			}
		}
		return total.Value()
	}
}

// weights counts the constants that nodes read.
func (s *Stats) weights(g *onnxio.Graph, f *Facts) {
	role := map[string]bool{} // by constant: whether every reader takes it for state
	sizes := map[string]int64{}
	for _, n := range g.Nodes() {
		if n.Op() == "Identity" && n.Domain() == "" {
			continue
		}
		for i, in := range n.Inputs() {
			t, root := g.Constant(in)
			if t == nil || !t.Elem().Float() || t.Rank() == 0 {
				continue
			}
			state := IsState(n, i, f.Opset)
			was, met := role[root]
			role[root] = state && (was || !met)
			sizes[root] = t.Len()
		}
	}
	for root, state := range role {
		if state {
			s.State += sizes[root]
		} else {
			s.Parameters += sizes[root]
		}
	}
}

// IsState reports whether a node takes its input i for a running statistic.
func IsState(n *onnxio.Node, i int, opset int64) bool {
	d := Lookup(n, opset)
	return d != nil && slices.Contains(d.State, i)
}
