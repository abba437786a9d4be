package pruning

import (
	"fmt"
	"maps"
	"slices"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
)

// meter tells what a model costs after a cut without making it: the figures
// are those that op.Count finds in what Apply returns.
type meter struct {
	a      *Analysis
	whole  *op.Facts // before the cut, at the shapes that count
	facts  *op.Facts // the same, with types overwritten
	cost   func(*op.Facts, *onnxio.Node) (int64, bool)
	nodes  []*metered
	roots  []meteredRoot
	before op.Stats

	sel  Selection // that is measured
	gone []bool    // by class root
}

// metered is a node that costs something, with the extents of its values.
type metered struct {
	node    *onnxio.Node
	extents []extentAt
	now     []int // the extents that macs is for
	macs    int64
}

type extentAt struct {
	value string
	k     int
	extent
	times int64 // factors of symbolic extent, which the extent leaves out
}

// meteredRoot is a constant with the extents of what its readers take of it.
type meteredRoot struct {
	uses  []*use
	state []bool // by use: whether it is read as a running statistic
	axes  [][]extent
}

// extent is the length of an axis as it depends on what stays of the groups.
type extent struct {
	whole int
	parts []extentPart
	odd   axis // set where the parts do not tell, and positions must be counted
}

// extentPart says that each choice of a group has so many positions.
type extentPart struct{ group, each int }

// newMeter measures the model at the given shapes of inputs of open size.
func newMeter(a *Analysis, shapes onnxio.InputShapes) (*meter, error) {
	inputs, open, err := shapes.Sample(a.Model.Graph.Inputs())
	if err != nil {
		return nil, err
	}
	whole, err := op.InferGraph(a.Model, op.InferOptions{Inputs: inputs})
	if err != nil {
		return nil, err
	}
	f := *whole
	f.Types = maps.Clone(whole.Types)
	m := &meter{a: a, whole: whole, facts: &f, cost: op.CostOf(a.Model), before: op.Count(a.Model, whole)}
	m.before.Open = open
	for _, c := range m.before.PerNode {
		n := &metered{node: c.Node}
		look := func(r op.Ref, value string, shape onnxio.Shape) {
			if len(shape) != len(a.Facts.Types[value].Shape) {
				return // its rank follows from the shapes given, so no rule had axes to tie
			}
			for k, d := range shape {
				r.Axis = k
				if e := a.extentOf(a.axisOf(c.Node, r)); e.parts != nil || e.odd != nil {
					n.extents = append(n.extents, extentAt{value, k, e, max(d.Or(0)/int64(e.whole), 1)})
				}
			}
		}
		for i, in := range c.Node.Inputs() {
			if in != "" {
				look(op.In(i, 0), in, whole.Types[in].Shape)
			}
		}
		for i, out := range c.Node.Outputs() {
			if out != "" {
				look(op.Out(i, 0), out, whole.Types[out].Shape)
			}
		}
		n.now = make([]int, len(n.extents))
		m.nodes = append(m.nodes, n)
	}
	m.weights()
	return m, nil
}

// weights lists the constants that op.Count counts.
func (m *meter) weights() {
	at := map[string]int{}
	for _, u := range m.a.uses {
		if !u.tensor.Elem().Float() || u.tensor.Rank() == 0 {
			continue
		}
		i, ok := at[u.root]
		if !ok {
			i = len(m.roots)
			at[u.root] = i
			m.roots = append(m.roots, meteredRoot{})
		}
		state := true
		for _, r := range u.reads {
			state = state && op.IsState(r.Node, r.Index, m.facts.Opset)
		}
		var axes []extent
		for k, x := range u.axes {
			e := extent{whole: int(u.tensor.Dim(k))}
			if len(x) > 0 {
				e = m.a.extentOf(x)
			}
			axes = append(axes, e)
		}
		r := &m.roots[i]
		r.uses, r.state, r.axes = append(r.uses, u), append(r.state, state), append(r.axes, axes)
	}
}

// extentOf works out how an axis shrinks.
func (a *Analysis) extentOf(x axis) extent {
	e := extent{whole: x.extent()}
	each := map[*Group][]int{}
	var order []*Group
	last := -1
	a.positions(x, func(p int, r elem) {
		at := a.group[r]
		if at.group == nil {
			return
		}
		if p == last {
			e.odd = x // removed by either of two choices
		}
		last = p
		if each[at.group] == nil {
			each[at.group] = make([]int, at.group.Size)
			order = append(order, at.group)
		}
		each[at.group][at.index]++
	})
	for _, g := range order {
		for _, n := range each[g] {
			if n != each[g][0] {
				e.odd = x
			}
		}
		e.parts = append(e.parts, extentPart{g.ID, each[g][0]})
	}
	return e
}

// measure is the quantity, MACs or Parameters, that a selection leaves, whose
// indices may be in any order.
func (m *meter) measure(q Quantity, sel Selection) (int64, error) {
	gone, err := m.a.removed(sel)
	if err != nil {
		return 0, err
	}
	m.sel, m.gone = sel, gone
	if q == MACs {
		return m.macs(), nil
	}
	return m.parameters(), nil
}

func (m *meter) length(e extent) int {
	if e.odd != nil {
		return len(m.a.kept(e.odd, m.gone))
	}
	n := e.whole
	for _, p := range e.parts {
		if kept := m.sel[p.group]; kept != nil {
			n -= p.each * (m.a.Groups[p.group].Size - len(kept))
		}
	}
	return n
}

func (m *meter) macs() int64 {
	total := int64(0)
	for _, n := range m.nodes {
		changed := n.macs == 0
		for i, e := range n.extents {
			if now := m.length(e.extent); now != n.now[i] {
				n.now[i], changed = now, true
			}
		}
		if changed {
			for _, v := range slices.Concat(n.node.Inputs(), n.node.Outputs()) {
				m.facts.Types[v] = m.whole.Types[v]
			}
			for i, e := range n.extents {
				t := m.facts.Types[e.value]
				t.Shape = t.Shape.Clone()
				t.Shape[e.k] = onnxio.Known(int64(n.now[i]) * e.times)
				m.facts.Types[e.value] = t
			}
			n.macs, _ = m.cost(m.facts, n.node)
		}
		total += n.macs
	}
	return total
}

func (m *meter) parameters() int64 {
	total := int64(0)
	for _, r := range m.roots {
		// Readers that cut a constant alike share what is left of it; it is a
		// parameter unless all of them take it for a statistic.
		sizes, learnt := map[string]int64{}, map[string]bool{}
		for i, u := range r.uses {
			key := ""
			if len(r.uses) > 1 {
				for _, x := range u.axes {
					key += fmt.Sprint(m.a.kept(x, m.gone), ";")
				}
			}
			size := int64(1)
			for _, e := range r.axes[i] {
				size *= int64(m.length(e))
			}
			sizes[key] = size
			learnt[key] = learnt[key] || !r.state[i]
		}
		for key, size := range sizes {
			if learnt[key] {
				total += size
			}
		}
	}
	return total
}
