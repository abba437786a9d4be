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
	free, err := op.InferGraph(a.Model, op.FreeBatch(a.Model))
	if err != nil {
		return nil, nil, fmt.Errorf("prune: %w", err)
	}
	c := &cutter{Analysis: a, anyBatch: free, gone: gone, patch: m.Graph.Edit(), entries: map[string]Entry{}, names: map[*use]string{}, moved: map[*onnxio.Node][]string{}}
	if err := c.weights(); err != nil {
		return nil, nil, fmt.Errorf("prune: %w", err)
	}
	if err := c.numbers(); err != nil {
		return nil, nil, fmt.Errorf("prune: %w", err)
	}
	c.retype()
	if err := c.patch.Apply(); err != nil {
		return nil, nil, fmt.Errorf("prune: %w", err)
	}
	if err := op.Sweep(m.Graph); err != nil {
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
	// anyBatch are facts that hold at every batch, also where the inputs fix it.
	anyBatch *op.Facts
	gone     []bool
	patch    *onnxio.Patch
	entries  map[string]Entry
	names    map[*use]string           // the weight's name after the cut
	moved    map[*onnxio.Node][]string // the outputs of nodes that a Gather was put behind
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

// places gives for each choice of a group the least position that it stands
// for on the axis of the group's first member.
func (a *Analysis) places(g *Group) []int {
	at := make([]int, g.Size)
	met := make([]bool, g.Size)
	first := g.Members[0]
	a.positions(first.use.axes[first.Axis], func(p int, r elem) {
		if in := a.group[r]; in.group == g && !met[in.index] {
			at[in.index], met[in.index] = p, true
		}
	})
	return at
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
		if u.places || u.made {
			continue
		}
		cuts[i] = c.cut(u)
		touched[u.root] = touched[u.root] || len(cuts[i]) > 0
	}
	for at, u := range c.uses {
		if u.places {
			continue // numbered anew where they are read
		}
		kept := cuts[at]
		if u.made || !touched[u.root] { // what is made is made to the new shape
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

// take cuts a tensor along several axes.
func take(t *onnxio.Tensor, kept map[string][]int) (*onnxio.Tensor, error) {
	index := make([][]int, t.Rank())
	for k := range index {
		index[k] = kept[strconv.Itoa(k)]
	}
	return t.Gather(index)
}

func (c *cutter) slice(u *use, kept map[string][]int, name string) error {
	t, err := take(u.tensor, kept)
	if err != nil {
		return err
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

func (c *cutter) plan(sel Selection, parentName string) (*Plan, error) {
	sum, err := c.Source.Fingerprint()
	if err != nil {
		return nil, err
	}
	p := &Plan{Schema: PlanSchema, Parent: Parent{sum, parentName}, Initializers: c.entries, Groups: []PlanGroup{}, Parts: c.space.parts}
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
		pg.At = placesOf(c.places(g))
		p.Groups = append(p.Groups, pg)
	}
	old, err := ReadPlan(c.Source)
	if err != nil || old == nil {
		return p, err
	}
	if err := old.fits(c.Source); err != nil {
		return nil, err
	}
	if err := c.takesApart(p, old); err != nil {
		return nil, err
	}
	return p.after(old), nil
}
