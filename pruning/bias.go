package pruning

import (
	"fmt"
	"maps"
	"slices"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
)

// biases adds constants to the sums of a pruned model.
type biases struct {
	*Analysis
	gone    []bool
	m       *onnxio.Model
	p       *onnxio.Patch
	plan    Plan
	changed map[string]*onnxio.Tensor
	added   []string
}

func newBiases(r *Result, gone []bool) *biases {
	b := &biases{Analysis: r.Analysis, gone: gone, m: r.Model.Clone(), plan: *r.Plan, changed: map[string]*onnxio.Tensor{}}
	b.p = b.m.Graph.Edit()
	b.plan.Initializers = map[string]Entry{}
	for name, e := range r.Plan.Initializers {
		b.plan.Initializers[name] = e
	}
	return b
}

// add adds d, which is by index of the dense model, to the sums of a reading;
// why says what is in the way of it.
func (b *biases) add(r reading, d []float64) (why string, err error) {
	if !slices.ContainsFunc(d, func(v float64) bool { return v != 0 }) {
		return "", nil
	}
	stay := b.kept(b.axisOf(r.node, op.Out(0, r.out)), b.gone)
	left := make([]float64, len(stay))
	for i, k := range stay {
		left[i] = d[k]
	}
	n := b.m.Graph.Producer(r.node.Output(0))
	if n == nil || n.Op() != r.node.Op() {
		return "", fmt.Errorf("%v: the pruned model has no such node", r.node)
	}
	return b.addTo(n, r, left)
}

// addTo adds d, by index of the pruned model, to the sums of a node that the
// reading's became.
func (b *biases) addTo(n *onnxio.Node, r reading, left []float64) (why string, err error) {
	def := op.Lookup(n, b.Facts.Opset)
	if l := def.Linear; l.Bias > 0 && n.Input(l.Bias) != "" {
		if done, err := b.shift(n, r.node, op.Out(0, r.out), l.Bias, left, 1/l.Scale(n)); done || err != nil {
			return "", err
		}
	}
	if done, err := b.behind(n, left, r.out); done || err != nil {
		return "", err
	}
	return b.make(n, r, left, def.Linear)
}

// behind adds d to what the only reader of the node's output adds to it or
// takes from it; done is false where it does neither.
func (b *biases) behind(n *onnxio.Node, d []float64, axis int) (done bool, err error) {
	y := n.Output(0)
	readers := b.m.Graph.Consumers(y)
	if len(readers) != 1 || b.m.Graph.IsOutput(y) || readers[0].Index < 0 {
		return false, nil
	}
	next := readers[0].Node
	dense := b.Model.Graph.Producer(next.Output(0))
	def := op.Lookup(next, b.Facts.Opset)
	if def == nil || dense == nil || dense.Op() != next.Op() {
		return false, nil
	}
	for _, o := range def.Offsets {
		if o.X != readers[0].Index {
			continue
		}
		if done, err = b.shift(next, dense, op.In(o.X, axis), o.By, d, o.Scale); done || err != nil {
			return done, err
		}
	}
	return false, nil
}

// shift adds scale·d to a constant input of the node, along its axis that goes
// with ref; done is false where there is none. A constant that others read as
// well is left to them.
func (b *biases) shift(n, dense *onnxio.Node, ref op.Ref, input int, d []float64, scale float64) (done bool, err error) {
	t, root := b.m.Graph.Constant(n.Input(input))
	i := slices.IndexFunc(tied(b.rules[dense], ref), func(r op.Ref) bool { return !r.Output && r.Slot == input })
	if t == nil || !t.Elem().Float() || i < 0 {
		return false, nil
	}
	k := tied(b.rules[dense], ref)[i].Axis
	if t.Dim(k) != int64(len(d)) {
		return false, nil
	}
	if earlier := b.changed[root]; earlier != nil {
		t = earlier
	}
	v, err := t.Floats()
	if err != nil {
		return false, err
	}
	inner := 1
	for _, e := range t.Dims()[k+1:] {
		inner *= int(e)
	}
	for i := range v {
		v[i] = float32(float64(v[i]) + scale*d[i/inner%len(d)])
	}
	if t, err = t.WithFloats(v); err != nil {
		return false, err
	}
	b.put(n, input, root, t)
	return true, nil
}

// put gives a node other numbers for its constant input, of the given root. A
// constant that others read as well is left to them.
func (b *biases) put(n *onnxio.Node, input int, root string, t *onnxio.Tensor) {
	if n.Input(input) != root || len(b.m.Graph.Consumers(root)) > 1 || b.m.Graph.IsOutput(root) {
		b.own(n, input, root, t)
		return
	}
	if made := b.m.Graph.Producer(root); made != nil && b.changed[root] == nil {
		b.p.Remove(made)
	}
	b.changed[root] = t
	b.p.SetInitializer(t.Renamed(root))
}

// names are the constants of the pruned model that were changed, in order.
func (b *biases) names() []string { return slices.Sorted(maps.Keys(b.changed)) }

// own gives a node a copy of a constant that it shares with others.
func (b *biases) own(n *onnxio.Node, input int, root string, t *onnxio.Tensor) {
	name := b.p.Fresh(root)
	b.p.SetInitializer(t.Renamed(name))
	b.p.SetInput(n, input, name)
	e, ok := b.plan.Initializers[root]
	if !ok {
		e = Entry{Shape: t.Dims(), Kept: map[string][]int{}}
	}
	e.Added = &Added{From: e.Source(root)}
	e.From = ""
	b.plan.Initializers[name] = e
	b.added = append(b.added, name)
}

// make gives the sums of a reading a bias of their own.
func (b *biases) make(n *onnxio.Node, r reading, d []float64, l *op.Linear) (why string, err error) {
	w, root := b.m.Graph.Constant(n.Input(r.weight.Slot))
	if w == nil || w.Dim(r.weight.Axis) != int64(len(d)) {
		return "it has no bias, and its weight does not say which indices of one would stay", nil
	}
	e := Entry{Shape: []int64{int64(len(d))}, Kept: map[string][]int{}, Added: &Added{}}
	if of, cut := b.plan.Initializers[root]; cut {
		index := of.Axis(r.weight.Axis)
		e.Shape[0] = of.Shape[r.weight.Axis]
		if int64(len(index)) < e.Shape[0] {
			e.Kept["0"] = index
		}
	}
	name := b.p.Fresh(n.Output(0) + ".bias")
	slot := l.Bias > 0 && n.Input(l.Bias) == "" && l.Axis == r.out
	if !slot {
		for range len(b.rules[r.node].OutType(0).Shape) - 1 - r.out {
			e.Shape = append(e.Shape, 1)
		}
	}
	v := make([]float32, len(d))
	for i := range v {
		v[i] = float32(d[i])
		if slot {
			v[i] = float32(d[i] / l.Scale(n))
		}
	}
	t, err := onnxio.RawTensor(name, w.Elem(), e.Dims(), make([]byte, len(d)*w.Elem().Bits()/8)).WithFloats(v)
	if err != nil {
		return "", err
	}
	b.p.SetInitializer(t)
	if slot {
		b.p.SetInput(n, l.Bias, name)
	} else {
		y := n.Output(0)
		sum := b.p.Fresh(y + ".sum")
		b.p.SetOutputs(n, sum)
		b.p.Add(onnxio.NodeSpec{Op: "Add", Name: name, Inputs: []string{sum, name}, Outputs: []string{y}})
	}
	b.plan.Initializers[name] = e
	b.added = append(b.added, name)
	return "", nil
}

// apply makes the edits and notes them in the plan.
func (b *biases) apply(c *Compensation) (*onnxio.Model, *Plan, error) {
	c.Changed = b.names()
	c.Added = b.added
	if err := b.p.Apply(); err != nil {
		return nil, nil, err
	}
	b.plan.Compensated = slices.Compact(slices.Sorted(slices.Values(slices.Concat(b.plan.Compensated, c.Changed, c.Added))))
	j, err := b.plan.JSON()
	if err != nil {
		return nil, nil, err
	}
	b.m.SetMeta(PlanKey, string(j))
	return b.m, &b.plan, nil
}
