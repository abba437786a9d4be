package pruning

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
)

// Apply cuts the model down to a selection and returns it with its plan,
// which the new model carries in its metadata; the old one is not touched.
// The parent is named in the plan. After the cut the shapes are inferred
// anew and must be the ones the selection gives, else nothing is returned.
func (a *Analysis) Apply(sel Selection, parentName string) (*onnxio.Model, *Plan, error) {
	gone, err := a.removed(sel)
	if err != nil {
		return nil, nil, fmt.Errorf("prune: %w", err)
	}
	m := a.Model.Clone()
	c := &cutter{Analysis: a, gone: gone, patch: m.Graph.Edit(), entries: map[string]Entry{}, names: map[*use]string{}}
	if err := c.weights(); err != nil {
		return nil, nil, fmt.Errorf("prune: %w", err)
	}
	if err := c.extents(); err != nil {
		return nil, nil, fmt.Errorf("prune: %w", err)
	}
	c.patch.SetTypes(nil)
	c.retypeEnds()
	if err := c.patch.Apply(); err != nil {
		return nil, nil, fmt.Errorf("prune: %w", err)
	}
	if err := c.recheck(m); err != nil {
		return nil, nil, fmt.Errorf("prune: %w", err)
	}
	plan, err := c.plan(sel, parentName)
	if err != nil {
		return nil, nil, fmt.Errorf("prune: %w", err)
	}
	b, err := plan.JSON()
	if err != nil {
		return nil, nil, fmt.Errorf("prune: %w", err)
	}
	m.SetMeta(PlanKey, string(b))
	return m, plan, nil
}

type cutter struct {
	*Analysis
	gone    []bool
	patch   *onnxio.Patch
	entries map[string]Entry
	names   map[*use]string // the weight's name after the cut
}

// cut is what a use keeps of each axis, by axis number; whole axes are left
// out.
func (c *cutter) cut(u *use) map[string][]int {
	kept := map[string][]int{}
	for k, x := range u.axes {
		if len(x) == 0 {
			continue
		}
		if stay := c.kept(x, c.gone); len(stay) < x.extent() {
			kept[strconv.Itoa(k)] = stay
		}
	}
	return kept
}

// weights slices every constant. A constant that its readers need cut in
// different ways becomes one for each way.
func (c *cutter) weights() error {
	type variant struct {
		kept map[string][]int
		name string
	}
	done := map[string][]variant{}
	cuts := make([]map[string][]int, len(c.uses))
	touched := map[string]bool{} // constants that some reader needs cut
	for i, u := range c.uses {
		cuts[i] = c.cut(u)
		touched[u.root] = touched[u.root] || len(cuts[i]) > 0
	}
	for at, u := range c.uses {
		kept := cuts[at]
		if !touched[u.root] {
			c.names[u] = u.root
			continue
		}
		i := slices.IndexFunc(done[u.root], func(v variant) bool { return maps.EqualFunc(v.kept, kept, slices.Equal[[]int]) })
		if i < 0 {
			name := u.root
			if len(done[u.root]) > 0 {
				name = c.patch.Fresh(u.root)
			}
			if err := c.slice(u, kept, name); err != nil {
				return err
			}
			i = len(done[u.root])
			done[u.root] = append(done[u.root], variant{kept, name})
		}
		name := done[u.root][i].name
		c.names[u] = name
		for _, r := range u.reads {
			if name != u.root {
				c.patch.SetInput(r.Node, r.Index, name)
			}
		}
	}
	return nil
}

func (c *cutter) slice(u *use, kept map[string][]int, name string) error {
	t := u.tensor
	for _, key := range slices.Sorted(maps.Keys(kept)) {
		k, _ := strconv.Atoi(key)
		var err error
		if t, err = t.Take(k, kept[key]); err != nil {
			return err
		}
	}
	if name == u.root {
		if n := c.Model.Graph.Producer(u.root); n != nil {
			c.patch.Remove(n) // a Constant node gives way to an initializer of its name
		}
	}
	c.patch.SetInitializer(t.Renamed(name))
	if len(kept) > 0 || name != u.root {
		e := Entry{Shape: u.tensor.Dims(), Kept: kept}
		if name != u.root {
			e.From = u.root
		}
		c.entries[name] = e
	}
	return nil
}

// extents rewrites attributes and shape constants that hold the extent of a
// cut axis.
func (c *cutter) extents() error {
	for _, n := range c.Model.Graph.Nodes() {
		rule := c.rules[n]
		lists := map[int][]int64{}
		for _, e := range rule.Extents {
			now, was := c.extent(n, e.Ref)
			if now == was {
				continue
			}
			factor := max(e.Factor, 1)
			if e.Attr != "" {
				c.patch.SetAttr(n, onnxio.Int(e.Attr, int64(now)*factor))
				continue
			}
			if lists[e.Input] == nil {
				t, _ := c.Model.Graph.Constant(n.Input(e.Input))
				if t == nil {
					return fmt.Errorf("%v: input %q would have to change with its axis, but it is computed at run time", n, n.Input(e.Input))
				}
				v, err := t.Ints()
				if err != nil {
					return fmt.Errorf("%v: %w", n, err)
				}
				lists[e.Input] = v
			}
			lists[e.Input][e.Index] = int64(now) * factor
		}
		for _, i := range slices.Sorted(maps.Keys(lists)) {
			c.setList(n, i, lists[i])
		}
	}
	return nil
}

// setList gives a node another constant list to read, in a Constant node and
// not an initializer: the model's initializers stay the parent's weights and
// nothing else. The old list goes where nothing else reads it.
func (c *cutter) setList(n *onnxio.Node, i int, list []int64) {
	g, old := c.Model.Graph, n.Input(i)
	name := c.patch.Fresh(old)
	v := onnxio.NewTensor("", []int64{int64(len(list))}, list)
	c.patch.Add(onnxio.NodeSpec{Op: "Constant", Outputs: []string{name}, Attrs: []onnxio.Attr{onnxio.TensorValue("value", v)}})
	c.patch.SetInput(n, i, name)
	if len(g.Consumers(old)) > 1 || g.IsOutput(old) {
		return
	}
	if made := g.Producer(old); made != nil {
		c.patch.Remove(made)
	} else {
		c.patch.RemoveInitializer(old)
	}
}

func (c *cutter) extent(n *onnxio.Node, r op.Ref) (now, was int) {
	x := c.axisOf(n, r)
	was = x.extent()
	if was == 0 {
		return 0, 0
	}
	return len(c.kept(x, c.gone)), was
}

// retypeEnds adapts the types of graph inputs and outputs, which only change
// where Options.FreeEnds let them.
func (c *cutter) retypeEnds() {
	g := c.Model.Graph
	for _, v := range g.Inputs() {
		if t, changed := c.retyped(v); changed {
			c.patch.SetInputType(v.Name, t)
		}
	}
	for _, v := range g.Outputs() {
		if t, changed := c.retyped(v); changed {
			c.patch.SetOutputType(v.Name, t)
		}
	}
}

func (c *cutter) retyped(v onnxio.Value) (onnxio.Type, bool) {
	t := onnxio.Type{Elem: v.Type.Elem, Shape: v.Type.Shape.Clone()}
	changed := false
	for k, x := range c.values[v.Name] {
		if k < len(t.Shape) && len(x) > 0 {
			if now := len(c.kept(x, c.gone)); now != x.extent() {
				t.Shape[k] = onnxio.Known(int64(now))
				changed = true
			}
		}
	}
	return t, changed
}

// recheck infers the shapes of the cut model and compares every value's
// with what the selection leaves of it.
func (c *cutter) recheck(m *onnxio.Model) error {
	f, err := op.InferGraph(m, op.InferOptions{})
	if err != nil {
		return err
	}
	types := map[string]onnxio.Type{}
	for _, n := range m.Graph.Nodes() {
		for _, o := range n.Outputs() {
			got := f.Types[o]
			if _, ok := c.Model.Graph.Declared(o); ok && got.Shape != nil {
				types[o] = got
			}
			axes, ok := c.values[o]
			if !ok || got.Shape == nil || c.constant(o) {
				continue
			}
			for k, x := range axes {
				if len(x) == 0 || k >= len(got.Shape) {
					continue
				}
				if want := int64(len(c.kept(x, c.gone))); !got.Shape[k].Is(want) {
					return fmt.Errorf("%v: output %q has shape %v after the cut, want %d on axis %d", n, o, got.Shape, want, k)
				}
			}
		}
	}
	p := m.Graph.Edit()
	p.SetTypes(types)
	return p.Apply()
}

// constant reports whether a value is a constant or an alias of one; such are
// cut as their readers need them.
func (c *cutter) constant(name string) bool {
	t, _ := c.Model.Graph.Constant(name)
	return t != nil
}

func (c *cutter) plan(sel Selection, parentName string) (*Plan, error) {
	sum, err := c.Model.Fingerprint()
	if err != nil {
		return nil, err
	}
	p := &Plan{Schema: PlanSchema, Parent: Parent{sum, parentName}, Initializers: c.entries, Groups: []PlanGroup{}}
	for i, g := range c.Groups {
		pg := PlanGroup{ID: g.ID, Size: g.Size, Kept: sel[i]}
		if pg.Kept == nil {
			pg.Kept = iota(g.Size)
		}
		for _, m := range g.Members {
			// Readers that cut a constant alike share what is left of it.
			if member := [2]any{c.names[m.use], m.Axis}; !slices.Contains(pg.Members, member) {
				pg.Members = append(pg.Members, member)
			}
		}
		p.Groups = append(p.Groups, pg)
	}
	old, err := ReadPlan(c.Model)
	if err != nil || old == nil {
		return p, err
	}
	if err := old.fits(c.Model); err != nil {
		return nil, err
	}
	return p.after(old), nil
}
