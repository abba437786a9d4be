package op

import (
	"fmt"
	"slices"

	"github.com/prunefuse/prunefuse/onnxio"
)

// Stats are the sizes of a model.
type Stats struct {
	// Parameters are the learnable numbers: the elements of float constants
	// that nodes read and that have at least one axis, each constant once, and
	// of the integers that stand for such numbers in a quantised model.
	// Scalars, such as the bounds of a Clip, are none, and neither are the
	// scales and zero points of a quantised model.
	Parameters int64
	// State are the elements of running statistics.
	State int64
	// MACs are the multiply-accumulates of one sample in a forward pass. A
	// fixed batch counts as such where the first axes of the first input and
	// of all outputs agree; a node's cost that it does not divide stays whole.
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
	if m, err = Inline(m); err != nil {
		return Stats{}, fmt.Errorf("count: %w", err)
	}
	f, err := InferGraph(m, InferOptions{Inputs: inputs})
	if err != nil {
		return Stats{}, fmt.Errorf("count: %w", err)
	}
	s := Count(m, f)
	if len(shapes) == 0 && len(open) == 0 && len(s.Uncounted) > 0 {
		// More shapes may be known for a batch of one than for any.
		s = countOne(m, s)
	}
	s.Open = open
	return s, nil
}

// countOne measures a model at a batch of one. It returns the measures at any
// batch where no more nodes have a cost then.
func countOne(m *onnxio.Model, free Stats) Stats {
	inputs := map[string]onnxio.Shape{}
	for _, v := range m.Graph.Inputs() {
		s := v.Type.Shape.Clone()
		if len(s) > 0 && !s[0].IsKnown() {
			s[0] = onnxio.Known(1)
		}
		inputs[v.Name] = s
	}
	f, err := InferGraph(m, InferOptions{Inputs: inputs})
	if err != nil {
		return free
	}
	if s := Count(m, f); len(s.Uncounted) < len(free.Uncounted) {
		return s
	}
	return free
}

// fixedBatch is the number of samples that a model with a fixed batch takes at
// a time, and 1 for any other.
func fixedBatch(g *onnxio.Graph) int64 {
	extent := func(v onnxio.Value) int64 {
		if s := v.Type.Shape; len(s) > 0 {
			if n, ok := s[0].Value(); ok {
				return n
			}
		}
		return 1
	}
	inputs, outputs := g.Inputs(), g.Outputs()
	if len(inputs) == 0 || len(outputs) == 0 {
		return 1
	}
	batch := extent(inputs[0])
	for _, v := range outputs {
		if extent(v) != batch {
			return 1
		}
	}
	return max(1, batch)
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
// model for one sample, which takes the types of a node's inputs and
// outputs from its first argument. Ok is false where the cost is not known.
func CostOf(m *onnxio.Model) func(f *Facts, n *onnxio.Node) (macs int64, ok bool) {
	var batch []onnxio.Dim
	for _, v := range m.Graph.Inputs() {
		if s := v.Type.Shape; len(s) > 0 && !s[0].IsKnown() && !slices.Contains(batch, s[0]) {
			batch = append(batch, s[0])
		}
	}
	fixed := fixedBatch(m.Graph)
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
		macs, known := total.Value()
		if macs%fixed == 0 {
			macs /= fixed
		}
		return macs, known
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
			if t == nil || t.Rank() == 0 || !learnable(n, i, t) {
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

// quantised are the inputs of operators on quantised numbers that hold weights
// where they are constants. The others are scales and zero points.
var quantised = map[string][]int{
	"QuantizeLinear": nil, "DynamicQuantizeLinear": nil,
	"DequantizeLinear": {0},
	"QLinearConv":      {3, 8},
	"QLinearMatMul":    {0, 3},
	"ConvInteger":      {0, 1},
	"MatMulInteger":    {0, 1},
	"QGemm":            {0, 3, 6}, // of ONNX Runtime
}

// learnable reports whether a constant that a node reads as its input i holds
// weights: floats, or the integers that stand for them.
func learnable(n *onnxio.Node, i int, t *onnxio.Tensor) bool {
	if weights, ok := quantised[n.Op()]; ok {
		return slices.Contains(weights, i)
	}
	return t.Elem().Float()
}

// IsState reports whether a node takes its input i for a running statistic.
func IsState(n *onnxio.Node, i int, opset int64) bool {
	d := Lookup(n, opset)
	return d != nil && slices.Contains(d.State, i)
}
