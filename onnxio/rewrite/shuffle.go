package rewrite

import (
	"fmt"
	"slices"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
)

// ListShuffles writes every shuffle of one axis, a Reshape that takes the
// axis apart, a Transpose that reorders its parts and a Reshape that joins
// them again, as a Gather of the positions in their new order. The Gather's
// list can lose any position, where the reshapes want whole parts. The model
// itself is not touched.
func ListShuffles(m *onnxio.Model) (*onnxio.Model, error) {
	var f *op.Facts
	var p *onnxio.Patch
	out := m
	for _, n := range m.Graph.Nodes() {
		chain := shuffle(m.Graph, n)
		if chain == nil {
			continue
		}
		if f == nil {
			var err error
			if f, err = op.InferGraph(m, op.InferOptions{}); err != nil {
				return nil, fmt.Errorf("list shuffles: %w", err)
			}
			out = m.Clone()
			p = out.Graph.Edit()
		}
		axis, at := order(f, chain)
		if at == nil {
			continue
		}
		y := n.Output(0)
		for _, old := range chain {
			p.Remove(old)
		}
		index := p.Fresh(y + ".order")
		p.Add(onnxio.NodeSpec{Op: "Constant", Outputs: []string{index}, Attrs: []onnxio.Attr{
			onnxio.TensorValue("value", onnxio.NewTensor("", []int64{int64(len(at))}, at)),
		}})
		p.Add(onnxio.NodeSpec{
			Op: "Gather", Name: n.Name(), Inputs: []string{chain[0].Input(0), index}, Outputs: []string{y},
			Attrs: []onnxio.Attr{onnxio.Int("axis", int64(axis))},
		})
	}
	if p == nil {
		return m, nil
	}
	if err := p.Apply(); err != nil {
		return nil, fmt.Errorf("list shuffles: %w", err)
	}
	return out, nil
}

// shuffle is the Reshape, Transpose, Reshape that end in n, of which nothing
// else reads the inner values; nil where n does not end such a chain.
func shuffle(g *onnxio.Graph, n *onnxio.Node) []*onnxio.Node {
	is := func(n *onnxio.Node, op string) bool { return n != nil && n.Op() == op && n.Domain() == "" }
	alone := func(n *onnxio.Node) bool {
		return len(g.Consumers(n.Output(0))) == 1 && !g.IsOutput(n.Output(0))
	}
	if !is(n, "Reshape") {
		return nil
	}
	turn := g.Producer(n.Input(0))
	if !is(turn, "Transpose") || !alone(turn) {
		return nil
	}
	first := g.Producer(turn.Input(0))
	if !is(first, "Reshape") || !alone(first) {
		return nil
	}
	return []*onnxio.Node{first, turn, n}
}

// order is the axis that a chain shuffles and the old position at each new
// one; at is nil where it does more than that.
func order(f *op.Facts, chain []*onnxio.Node) (axis int, at []int64) {
	x, parts, y := f.Types[chain[0].Input(0)].Shape, f.Types[chain[0].Output(0)].Shape, f.Types[chain[2].Output(0)].Shape
	more := len(parts) - len(x)
	if x == nil || more < 1 || !x.Equal(y) {
		return 0, nil
	}
	for axis < len(x) && x[axis] == parts[axis] {
		axis++
	}
	if axis == len(x) || !slices.Equal(x[axis+1:], parts[axis+1+more:]) {
		return 0, nil
	}
	digits, ok := parts[axis : axis+1+more].Ints()
	if !ok || !onnxio.ShapeOf(digits...).Size().Is(x[axis].Or(0)) {
		return 0, nil
	}
	perm := chain[1].Ints("perm")
	if len(perm) != len(parts) {
		return 0, nil
	}
	for k, p := range perm {
		inside := k >= axis && k <= axis+more
		if (!inside && int(p) != k) || (inside && (int(p) < axis || int(p) > axis+more)) {
			return 0, nil
		}
	}
	stride := make([]int64, len(digits))
	for i, s := len(digits)-1, int64(1); i >= 0; i-- {
		stride[i], s = s, s*digits[i]
	}
	at = []int64{0}
	for _, p := range perm[axis : axis+1+more] {
		i := int(p) - axis
		next := make([]int64, 0, int64(len(at))*digits[i])
		for _, base := range at {
			for d := range digits[i] {
				next = append(next, base+d*stride[i])
			}
		}
		at = next
	}
	return axis, at
}
