package pruning

import (
	"maps"
	"slices"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
)

// Masked is the model at full size in which the removed indices have no
// effect; removing them must not change what it computes. Nothing but the
// nodes that sum or mix along a cut axis is touched: a constant summed over
// is set to zero at the removed indices, a run-time operand is gathered down
// to those that stay, and a node that mixes values along the axis is given
// what stays of all its inputs, and its outputs are spread out again.
func (a *Analysis) Masked(sel Selection) (*onnxio.Model, error) {
	gone, err := a.removed(sel)
	if err != nil {
		return nil, err
	}
	m, err := op.Inline(a.Source)
	if err != nil {
		return nil, err
	}
	k := &masker{Analysis: a, gone: gone, m: m, p: m.Graph.Edit()}
	for _, n := range a.Model.Graph.Nodes() {
		in := m.Graph.Producer(anOutput(n))
		if in == nil || a.rules[n] == nil {
			continue
		}
		if a.mixes(n, gone) {
			k.wrap(n, in)
		} else if err := k.silence(n, in); err != nil {
			return nil, err
		}
	}
	return m, k.p.Apply()
}

// anOutput is the name of the first output that a node gives.
func anOutput(n *onnxio.Node) string {
	for _, o := range n.Outputs() {
		if o != "" {
			return o
		}
	}
	return ""
}

// masker edits the source model; its nodes are told by what they make.
type masker struct {
	*Analysis
	gone []bool
	m    *onnxio.Model
	p    *onnxio.Patch
}

// stays is what is left of an axis, and whether that is less than all.
func (k *masker) stays(n *onnxio.Node, r op.Ref) (stay []int, cut bool) {
	x := k.axisOf(n, r)
	if len(x) == 0 {
		return nil, false
	}
	stay = k.kept(x, k.gone)
	return stay, len(stay) < x.extent()
}

// silence takes the removed indices out of a node's sums. Of the axes that
// are summed together it is enough to silence one that belongs to a constant.
func (k *masker) silence(n, in *onnxio.Node) error {
	masks := map[int]*onnxio.Tensor{}
	for _, sum := range sums(k.rules[n]) {
		if _, cut := k.stays(n, sum[0]); !cut {
			continue
		}
		i := slices.IndexFunc(sum, func(r op.Ref) bool {
			u := k.byRead[onnxio.Use{Node: n, Index: r.Slot}]
			return u != nil && u.tensor != nil && u.tensor.Elem().Float()
		})
		if i < 0 {
			for _, r := range sum {
				stay, _ := k.stays(n, r)
				k.p.SetInput(in, r.Slot, k.gather(in, r, stay))
			}
			continue
		}
		r := sum[i]
		t := masks[r.Slot]
		if t == nil {
			t = k.byRead[onnxio.Use{Node: n, Index: r.Slot}].tensor
		}
		stay, _ := k.stays(n, r)
		t, err := t.ZeroOutside(r.Axis, stay)
		if err != nil {
			return err
		}
		masks[r.Slot] = t
	}
	for _, slot := range slices.Sorted(maps.Keys(masks)) {
		name := k.p.Fresh(in.Input(slot) + ".masked")
		k.p.SetInitializer(masks[slot].Renamed(name))
		k.p.SetInput(in, slot, name)
	}
	return nil
}

// gather is what stays of an axis of a node's input.
func (k *masker) gather(in *onnxio.Node, r op.Ref, stay []int) string {
	return k.pick(in.Input(r.Slot), k.p.Fresh(in.Input(r.Slot)+".left"), r.Axis, stay)
}

// pick adds a Gather of positions along an axis of x that makes y.
func (k *masker) pick(x, y string, axis int, at []int) string {
	index := k.p.Fresh(y + ".index")
	v := make([]int64, len(at))
	for i, p := range at {
		v[i] = int64(p)
	}
	k.p.SetInitializer(onnxio.NewTensor(index, []int64{int64(len(v))}, v))
	k.p.Add(onnxio.NodeSpec{Op: "Gather", Name: index, Inputs: []string{x, index}, Outputs: []string{y}, Attrs: []onnxio.Attr{onnxio.Int("axis", int64(axis))}})
	return y
}

// wrap gives a node what stays of all its inputs and spreads its outputs out
// to the full extents.
func (k *masker) wrap(n, in *onnxio.Node) {
	rule := k.rules[n]
	lists := map[operand]*list{}
	c := &cutter{Analysis: k.Analysis, gone: k.gone}
	for _, e := range rule.Extents {
		c.extent(n, e, lists)
	}
	for o, l := range lists {
		if o.attr != "" {
			k.p.SetAttr(in, l.attr(in, o.attr))
		}
	}
	for i := range in.Inputs() {
		name := in.Input(i)
		if name == "" {
			continue
		}
		for axis := range rule.In(i).Shape {
			if stay, cut := k.stays(n, op.In(i, axis)); cut {
				name = k.pick(name, k.p.Fresh(in.Input(i)+".left"), axis, stay)
			}
		}
		if name != in.Input(i) {
			k.p.SetInput(in, i, name)
		}
	}
	outs := slices.Clone(in.Outputs())
	for i, out := range outs {
		if out == "" {
			continue
		}
		var cut []int
		for axis := range rule.OutType(i).Shape {
			if _, less := k.stays(n, op.Out(i, axis)); less {
				cut = append(cut, axis)
			}
		}
		if len(cut) == 0 {
			continue
		}
		outs[i] = k.p.Fresh(out + ".left")
		k.spread(n, i, outs[i], out, cut)
	}
	k.p.SetOutputs(in, outs...)
}

// spread gives the removed indices of some axes what the first index that stays
// has: what is computed on along the way is then computed on values that the
// node gives, where zeros might be divided by. Whatever sums over them is
// silenced.
func (k *masker) spread(n *onnxio.Node, slot int, x, y string, axes []int) {
	for i, axis := range axes {
		stay, _ := k.stays(n, op.Out(slot, axis))
		at := make([]int, k.axisOf(n, op.Out(slot, axis)).extent())
		for j, p := range stay {
			at[p] = j
		}
		to := y
		if i < len(axes)-1 {
			to = k.p.Fresh(y + ".spread")
		}
		x = k.pick(x, to, axis, at)
	}
}

// Mixing lists the nodes that mix values along an axis that loses indices.
func (a *Analysis) Mixing(sel Selection) []string {
	gone, err := a.removed(sel)
	if err != nil {
		return nil
	}
	var out []string
	for _, n := range a.Model.Graph.Nodes() {
		if a.mixes(n, gone) {
			out = append(out, n.String())
		}
	}
	return out
}

func (a *Analysis) mixes(n *onnxio.Node, gone []bool) bool {
	return slices.ContainsFunc(a.rules[n].Mixed, func(r op.Ref) bool {
		return a.loses(a.axisOf(n, r), gone)
	})
}
