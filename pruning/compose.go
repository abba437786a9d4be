package pruning

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
)

// after is the plan of first pruning by old and then by p, whose indices are
// those of what old left.
func (p *Plan) after(old *Plan) *Plan {
	out := &Plan{Schema: PlanSchema, Parent: old.Parent, Initializers: map[string]Entry{}, Groups: []PlanGroup{}, Parts: p.Parts}
	for name, e := range old.Initializers {
		out.Initializers[name] = e
	}
	for name, e := range p.Initializers {
		between := e.Source(name) // its name in the file pruned by old
		first, ok := old.Initializers[between]
		if !ok {
			out.Initializers[name] = e
			continue
		}
		c := Entry{From: first.Source(between), Shape: first.Shape, Kept: map[string][]int{}, Added: first.Added}
		if c.From == name {
			c.From = ""
		}
		for k := range first.Shape {
			key := strconv.Itoa(k)
			_, now := e.Kept[key]
			if _, before := first.Kept[key]; now || before {
				c.Kept[key] = pick(first.Axis(k), e.Axis(k))
			}
		}
		out.Initializers[name] = c
	}
	for _, g := range p.Groups {
		out.Groups = append(out.Groups, g.after(p, old))
	}
	out.Compensated, out.Recovered, out.Head = old.Compensated, old.Recovered, old.Head
	return out
}

// after expresses a group of the plan p in the parent of old. The group of old
// that it is what is left of is the one with the same places on the axis of
// its first member. One that was pinned then has the choices that old left,
// at their places in the parent.
func (g PlanGroup) after(p, old *Plan) PlanGroup {
	if len(g.Members) == 0 {
		return g
	}
	name, axis := memberOf(g.Members[0])
	between := p.Initializers[name].Source(name)
	at := g.places()
	if e, ok := old.Initializers[between]; ok {
		at = pick(e.Axis(axis), at)
	}
	for _, o := range old.Groups {
		if len(o.Members) == 0 {
			continue
		}
		if first, k := memberOf(o.Members[0]); first != between || k != axis {
			continue
		}
		if choice, ok := indicesIn(o.places(), at); ok {
			g.Size, g.Kept, g.At = o.Size, pick(choice, g.Kept), o.At
			return g
		}
	}
	g.At = placesOf(at)
	return g
}

// takesApart refuses a second prune of what the first left single channels of in
// every group of a convolution: in the parent these go together, and one of them
// now is a group that would go alone.
func (c *cutter) takesApart(p, old *Plan) error {
	for i, g := range c.Groups {
		if len(p.Groups[i].Kept) == g.Size {
			continue
		}
		for _, m := range g.Members {
			between := p.Initializers[c.names[m.use]].Source(c.names[m.use])
			e, ok := old.Initializers[between]
			if !ok || m.Axis != 0 || len(e.Shape) < 3 || e.Shape[1] == 1 {
				continue
			}
			for _, r := range m.use.reads {
				if slices.Contains([]string{"Conv", "ConvTranspose"}, r.Node.Op()) && r.Index == 1 && r.Node.Int("group", 1) > 1 && m.use.tensor.Dim(1) == 1 {
					return fmt.Errorf("%v had %d channels in each group before %q was pruned and has one now, so that whole groups would go, which nothing leads back from; leave it alone (--ignore %s), or prune %[3]q at once",
						r.Node, e.Shape[1], old.Parent.Name, cmp.Or(r.Node.Name(), r.Node.Output(0)))
				}
			}
		}
	}
	return nil
}

// places are At, spelt out.
func (g PlanGroup) places() []int {
	if len(g.At) > 0 {
		return g.At
	}
	return iota(g.Size)
}

// placesOf is At for the places of all choices.
func placesOf(at []int) []int {
	if slices.Equal(at, iota(len(at))) {
		return nil
	}
	return at
}

// indicesIn finds every element in a list; ok is false where one is not there.
func indicesIn(list, elements []int) (at []int, ok bool) {
	index := make(map[int]int, len(list))
	for i, e := range list {
		index[e] = i
	}
	for _, e := range elements {
		i, ok := index[e]
		if !ok {
			return nil, false
		}
		at = append(at, i)
	}
	return at, true
}

// memberOf reads a member of a group, whose axis JSON makes a float.
func memberOf(m [2]any) (name string, axis int) {
	name, _ = m[0].(string)
	switch k := m[1].(type) {
	case int:
		axis = k
	case float64:
		axis = int(k)
	}
	return name, axis
}
