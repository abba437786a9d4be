package pruning

import (
	"fmt"
	"slices"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
)

// reading is where a node sums over an axis of an activation that can be
// pruned, with constants as its other operands: each channel of the
// activation adds what it carries, weighted, to every sum.
type reading struct {
	node   *onnxio.Node
	x      op.Ref // the activation's axis
	out    int    // the axis of output 0 that tells the sums apart
	weight op.Ref // the axis of a weight that does
}

func (r reading) value() string { return r.node.Input(r.x.Slot) }

// refusal is a node that sums over an axis that can be pruned but is no
// reading, and why.
type refusal struct {
	node *onnxio.Node
	sum  op.Ref // an axis it sums over
	why  string
}

// readings lists the readings, in node order, and what is none of them.
func (a *Analysis) readings() (list []reading, refused []refusal) {
	varies := a.downstream(nil, nil)
	for _, n := range a.Model.Graph.Nodes() {
		for _, sum := range sums(a.rules[n]) {
			if len(a.groupsOn(a.axisOf(n, sum[0]))) == 0 {
				continue
			}
			r, why := a.reading(n, sum, varies)
			if why != "" {
				refused = append(refused, refusal{n, sum[0], why})
				continue
			}
			list = append(list, r)
		}
	}
	return list, refused
}

func (a *Analysis) reading(n *onnxio.Node, sum []op.Ref, varies map[string]bool) (r reading, why string) {
	d := op.Lookup(n, a.Facts.Opset)
	i := slices.IndexFunc(sum, func(r op.Ref) bool { return varies[n.Input(r.Slot)] })
	if d == nil || d.Linear == nil || i < 0 {
		return r, fmt.Sprintf("%s is not known to be linear there", n.Op())
	}
	r = reading{node: n, x: sum[i], out: -1}
	for slot, in := range n.Inputs() {
		if slot != r.x.Slot && varies[in] {
			return r, fmt.Sprintf("two of its inputs depend on the data, %q and %q", r.value(), in)
		}
	}
	for k := range a.rules[n].OutType(0).Shape {
		for _, t := range tied(a.rules[n], op.Out(0, k)) {
			if t.Output || t.Slot == r.x.Slot || !slices.ContainsFunc(sum, func(s op.Ref) bool { return s.Slot == t.Slot }) {
				continue
			}
			if r.out >= 0 && r.out != k {
				return r, "its sums have no single axis"
			}
			r.out, r.weight = k, t
		}
	}
	if r.out < 0 {
		return r, "its sums have no axis"
	}
	return r, ""
}

// tied lists the axes of a node that go with one, by any chain of links, and
// that one.
func tied(rule *op.Axes, from op.Ref) []op.Ref {
	out := []op.Ref{from}
	for i := 0; i < len(out); i++ {
		for _, l := range rule.Links {
			for _, pair := range [][2]op.Ref{{l.A, l.B}, {l.B, l.A}} {
				if pair[0] == out[i] && rule.Given(pair[1]) && !slices.Contains(out, pair[1]) {
					out = append(out, pair[1])
				}
			}
		}
	}
	return out
}

// downstream are the values that are computed from the model's inputs, be it
// from their shapes alone. Nothing is passed on by a node, or in a value,
// that one of the functions stops; nil stops none.
func (a *Analysis) downstream(node func(*onnxio.Node) bool, value func(string) bool) map[string]bool {
	return downstream(a.Model.Graph, node, value)
}

func downstream(g *onnxio.Graph, node func(*onnxio.Node) bool, value func(string) bool) map[string]bool {
	out, reached := map[string]bool{}, map[*onnxio.Node]bool{}
	mark := func(name string) {
		out[name] = true
		for _, u := range g.Consumers(name) {
			reached[u.Node] = true
		}
	}
	for _, v := range g.Inputs() {
		mark(v.Name)
	}
	for _, n := range g.Nodes() {
		if !reached[n] || (node != nil && node(n)) {
			continue
		}
		for _, o := range n.Outputs() {
			if value == nil || !value(o) {
				mark(o)
			}
		}
	}
	return out
}
