package pruning

import (
	"fmt"
	"slices"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
)

// Group is a set of coupled channels: Size choices, each of which removes
// one index, or a pattern of indices, from every member.
type Group struct {
	ID      int
	Size    int
	Members []Member

	name    string
	classes []elem
}

// Member is a weight that a group cuts, and along which axis.
type Member struct {
	Initializer string
	Axis        int

	use *use
}

func (m Member) String() string { return fmt.Sprintf("%s:%d", m.Initializer, m.Axis) }

// Name tells the group by its first member; of several groups that share one
// weight's axis, all but the first have a number besides.
func (g *Group) Name() string { return g.name }

// Pinned is an axis of a weight that cannot be pruned, and why.
type Pinned struct {
	Initializer string
	Axis        int
	Extent      int
	Reason      string
}

// leaves calls f with the classes on whose choice an element depends.
func (a *Analysis) leaves(e elem, f func(elem)) {
	r := a.space.find(e)
	parts, ok := a.made[r]
	if !ok {
		f(r)
		return
	}
	for _, p := range parts {
		a.leaves(p, f)
	}
}

// form gathers the classes that may be chosen into groups. Classes belong to
// one group when they stand for the same set of axes: then nothing tells
// them apart but their index. Where there is but one, it must stay.
func (a *Analysis) form() {
	kind := a.signatures()
	a.group = make([]place, len(a.space.parent))
	groups := map[uint64]*Group{}
	for _, u := range a.uses {
		if u.places {
			continue
		}
		for k, x := range u.axes {
			for _, e := range x.elements() {
				a.leaves(e, func(r elem) { a.enlist(r, u, k, kind, groups) })
			}
			a.notePinned(u, k, x)
		}
	}
	all := a.Groups
	a.Groups = nil
	named := map[string]int{}
	for _, g := range all {
		if !g.weighs() {
			for _, r := range g.classes {
				a.group[r] = place{}
			}
			continue
		}
		if g.Size > 1 {
			g.ID, g.name = len(a.Groups), g.Members[0].String()
			if named[g.name]++; named[g.name] > 1 {
				g.name = fmt.Sprintf("%s#%d", g.name, named[g.name])
			}
			a.Groups = append(a.Groups, g)
			continue
		}
		a.group[g.classes[0]] = place{}
		for _, m := range g.Members {
			if n := m.use.axes[m.Axis].extent(); n > 1 {
				a.Pinned = append(a.Pinned, Pinned{m.Initializer, m.Axis, n, "its indices go only all together"})
			}
		}
	}
}

// weighs reports whether the group cuts a weight: not only positions, extents and
// conditions, which say where values go.
func (g *Group) weighs() bool {
	return slices.ContainsFunc(g.Members, func(m Member) bool {
		e := m.use.tensor.Elem()
		return e != onnxio.Bool && (e.Float() || e.Bits() < 32)
	})
}

func (a *Analysis) enlist(r elem, u *use, k int, kind []uint64, groups map[uint64]*Group) {
	if a.space.pin[r] != 0 {
		return
	}
	g := groups[kind[r]]
	if g == nil {
		g = &Group{}
		groups[kind[r]] = g
		a.Groups = append(a.Groups, g)
	}
	if a.group[r].group == nil {
		a.group[r] = place{g, g.Size}
		g.classes = append(g.classes, r)
		g.Size++
	}
	// The elements of one axis come in a row.
	if n := len(g.Members); n == 0 || g.Members[n-1].use != u || g.Members[n-1].Axis != k {
		g.Members = append(g.Members, Member{u.root, k, u})
	}
}

func (a *Analysis) notePinned(u *use, k int, x axis) {
	if x.extent() < 2 || !u.tensor.Elem().Float() {
		return
	}
	for _, e := range x.elements() {
		reason := ""
		a.leaves(e, func(r elem) {
			if reason == "" {
				reason = a.space.why(r)
			}
		})
		if _, free := a.chosenBy(e); reason != "" && !free {
			a.Pinned = append(a.Pinned, Pinned{u.root, k, x.extent(), reason})
			return
		}
	}
}

// chosenBy reports whether any choice removes the element.
func (a *Analysis) chosenBy(e elem) (r elem, ok bool) {
	a.leaves(e, func(l elem) {
		if a.space.pin[l] == 0 {
			r, ok = l, true
		}
	})
	return r, ok
}

// elements are the elements of all factors.
func (x axis) elements() []elem {
	if len(x) == 1 {
		return x[0]
	}
	var out []elem
	for _, f := range x {
		out = append(out, f...)
	}
	return out
}

// signatures hashes, for each class, the axes that have elements which depend
// on it: where those of one axis are chosen alone, some of them stay. Elements
// of one axis are numbered in a row, so each class meets its axes in ascending
// order.
func (a *Analysis) signatures() []uint64 {
	const offset, prime = 14695981039346656037, 1099511628211
	s := a.space
	sig := make([]uint64, len(s.parent))
	last := make([]int32, len(s.parent))
	for e := range s.parent {
		atom := s.atom[e] + 1
		a.leaves(elem(e), func(r elem) {
			if last[r] == atom {
				return
			}
			if last[r] == 0 {
				sig[r] = offset
			}
			last[r] = atom
			sig[r] = (sig[r] ^ uint64(atom)) * prime
		})
	}
	return sig
}

// contracted lists the axes of a constant that its readers sum over, as
// opposed to those whose index comes out at the other end.
func (a *Analysis) contracted(u *use) []bool {
	out := make([]bool, u.tensor.Rank())
	for k := range out {
		for _, r := range u.reads {
			out[k] = out[k] || slices.ContainsFunc(sums(a.rules[r.Node]), func(sum []op.Ref) bool {
				return slices.Contains(sum, op.In(r.Index, k))
			})
		}
	}
	return out
}
