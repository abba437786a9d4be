package pruning

import (
	"fmt"
	"slices"

	"github.com/prunefuse/prunefuse/onnxio"
)

// elem is one index along one axis of one tensor. Elements that must be
// removed together are joined; what is left of each join is a class.
type elem int32

// space is the union-find over all elements of a graph, with what is known
// of each class.
type space struct {
	parent []elem
	atom   []int32  // where the element was born: the axis it first stood for
	pin    []int32  // by root: 1 + index into reasons, 0 where it may be removed
	reason []string // why a class is pinned
	atoms  int32
	// symbols are the extents of the factors of symbolic extent, by their one
	// element.
	symbols map[elem]onnxio.Dim

	products []product
	parts    Parts // which part of a product is chosen from
}

// factor is a run of elements: an axis, or one digit of an axis that merges
// several. One of symbolic extent has a single element, which stays.
type factor []elem

// axis is an axis of a tensor as the factors it merges, outermost first; one
// of extent 0 has none.
type axis []factor

// product says that position p of whole is removed when the digits of p
// name a removed position in any of parts.
type product struct {
	whole factor
	parts []factor
}

// born makes a factor of n new elements.
func (s *space) born(n int) factor {
	f := make(factor, n)
	for i := range f {
		f[i] = elem(len(s.parent))
		s.parent = append(s.parent, f[i])
		s.atom = append(s.atom, s.atoms)
		s.pin = append(s.pin, 0)
	}
	s.atoms++
	return f
}

// symbol makes a factor of symbolic extent.
func (s *space) symbol(d onnxio.Dim) factor {
	f := s.born(1)
	if s.symbols == nil {
		s.symbols = map[elem]onnxio.Dim{}
	}
	s.symbols[f[0]] = d
	s.keep(axis{f}, "its extent %v is not known", d)
	return f
}

// axisOf makes a new axis of an extent.
func (s *space) axisOf(d onnxio.Dim) axis {
	n, ok := d.Value()
	switch {
	case !ok:
		return axis{s.symbol(d)}
	case n > 0:
		return axis{s.born(int(n))}
	}
	return nil
}

// size is the extent of a factor.
func (s *space) size(f factor) onnxio.Dim {
	if len(f) == 1 {
		if d, ok := s.symbols[f[0]]; ok {
			return d
		}
	}
	return onnxio.Known(int64(len(f)))
}

// open reports whether a factor of the axis is of symbolic extent.
func (s *space) open(x axis) bool {
	return slices.ContainsFunc(x, func(f factor) bool { return !s.size(f).IsKnown() })
}

func (s *space) find(e elem) elem {
	for s.parent[e] != e {
		s.parent[e] = s.parent[s.parent[e]]
		e = s.parent[e]
	}
	return e
}

// join makes two elements one class. The earlier reason to stay wins.
func (s *space) join(a, b elem) {
	a, b = s.find(a), s.find(b)
	if a == b {
		return
	}
	if b < a {
		a, b = b, a
	}
	s.parent[b] = a
	if s.pin[a] == 0 || (s.pin[b] != 0 && s.pin[b] < s.pin[a]) {
		s.pin[a] = s.pin[b]
	}
}

// keep pins the class of every element of the axis, those that are pinned
// already excepted; it reports whether there were others.
func (s *space) keep(x axis, format string, args ...any) (changed bool) {
	for _, f := range x {
		for _, e := range f {
			r := s.find(e)
			if s.pin[r] != 0 {
				continue
			}
			if !changed {
				s.reason = append(s.reason, fmt.Sprintf(format, args...))
				changed = true
			}
			s.pin[r] = int32(len(s.reason))
		}
	}
	return changed
}

// why is the reason an element's class is pinned, "" when it is not.
func (s *space) why(e elem) string {
	if p := s.pin[s.find(e)]; p > 0 {
		return s.reason[p-1]
	}
	return ""
}

// extent is the number of positions of an axis, those of its symbolic factors
// not counted; 0 where it has none.
func (x axis) extent() int {
	if len(x) == 0 {
		return 0
	}
	n := 1
	for _, f := range x {
		n *= len(f)
	}
	return n
}

// digits splits a position of the axis into one index for each factor.
func (x axis) digits(p int, out []int) []int {
	out = out[:0]
	for range x {
		out = append(out, 0)
	}
	for i := len(x) - 1; i >= 0; i-- {
		out[i] = p % len(x[i])
		p /= len(x[i])
	}
	return out
}

// tie makes two axes of equal extent the same indices.
func (s *space) tie(x, y axis) {
	x, y = s.trim(x), s.trim(y)
	switch {
	case len(x) == 0 || len(y) == 0:
	case s.sameDigits(x, y):
		for i := range x {
			for j := range x[i] {
				s.join(x[i][j], y[i][j])
			}
		}
	case s.open(x) || s.open(y) || x.extent() != y.extent():
		s.keep(x, "axes of different extents meet here")
		s.keep(y, "axes of different extents meet here")
	case len(x) == 1:
		s.products = append(s.products, product{x[0], y})
	case len(y) == 1:
		s.products = append(s.products, product{y[0], x})
	default:
		s.keep(x, "axes that merge different extents meet here")
		s.keep(y, "axes that merge different extents meet here")
	}
}

// trim drops digits of extent 1, which carry no choice, unless nothing else
// is left.
func (s *space) trim(x axis) axis {
	var out axis
	for _, f := range x {
		if !s.size(f).Is(1) {
			out = append(out, f)
		}
	}
	if out == nil && len(x) > 0 {
		return x[:1]
	}
	return out
}

// sameDigits reports whether two axes merge factors of the same extents.
// Symbolic ones are taken for the same: the runtime sees to that.
func (s *space) sameDigits(x, y axis) bool {
	if len(x) != len(y) {
		return false
	}
	for i := range x {
		if len(x[i]) != len(y[i]) || s.size(x[i]).IsKnown() != s.size(y[i]).IsKnown() {
			return false
		}
	}
	return true
}

// regroup reads the axes from, row-major, as axes of the given extents. A
// digit that falls across two of them is split into new ones; a digit that
// cannot be is pinned with all the rest.
func (s *space) regroup(from []axis, extents []onnxio.Dim) []axis {
	var digits []factor
	for _, x := range from {
		for _, f := range x {
			if !s.size(f).Is(1) {
				digits = append(digits, f)
			}
		}
	}
	out := make([]axis, len(extents))
	for i, need := range extents {
		for !need.Is(1) {
			if len(digits) == 0 {
				return s.severed(from, extents)
			}
			f := digits[0]
			if rest, ok := need.Div(s.size(f)); ok {
				out[i] = append(out[i], f)
				need, digits = rest, digits[1:]
				continue
			}
			n, known := need.Value()
			if !known || !s.size(f).IsKnown() || n < 1 || len(f)%int(n) != 0 {
				return s.severed(from, extents)
			}
			outer, inner := s.born(int(n)), s.born(len(f)/int(n))
			s.products = append(s.products, product{f, []factor{outer, inner}})
			out[i] = append(out[i], outer)
			digits[0] = inner
			need = onnxio.Known(1)
		}
		if out[i] == nil {
			out[i] = axis{s.born(1)}
		}
	}
	return out
}

// severed pins the axes from and gives axes of the extents that are pinned
// too.
func (s *space) severed(from []axis, extents []onnxio.Dim) []axis {
	const why = "reshaped across its own parts"
	for _, x := range from {
		s.keep(x, why)
	}
	out := make([]axis, len(extents))
	for i, d := range extents {
		out[i] = s.axisOf(d)
		s.keep(out[i], why)
	}
	return out
}

// settle resolves the products into choices and returns, by class, the parts
// that make it: such a class is removed when a part is, never by itself.
// Products of one class must agree part by part; where they do not, all of
// them are pinned.
func (s *space) settle() map[elem][]elem {
	made := map[elem][]elem{}
	for again := true; again; {
		again = false
		clear(made)
		for _, p := range s.products {
			x := axis(p.parts)
			var at []int
			for i, e := range p.whole {
				at = x.digits(i, at)
				parts := make([]elem, len(at))
				for k, d := range at {
					parts[k] = s.find(x[k][d])
				}
				r := s.find(e)
				have, ok := made[r]
				if !ok {
					made[r] = parts
					continue
				}
				again = s.agree(have, parts) || again
			}
		}
	}
	s.cutCycles(made)
	s.spread()
	for _, p := range s.innermostFirst() {
		if s.choose(p, made) {
			s.spread()
		}
	}
	return made
}

// innermostFirst orders the products so that those that make a part of
// another come before it.
func (s *space) innermostFirst() []product {
	making := map[elem][]int{} // products, by the classes they make
	for i, p := range s.products {
		for _, e := range p.whole {
			r := s.find(e)
			if at := making[r]; len(at) == 0 || at[len(at)-1] != i {
				making[r] = append(at, i)
			}
		}
	}
	var out []product
	seen := make([]bool, len(s.products))
	var visit func(i int)
	visit = func(i int) {
		if seen[i] {
			return
		}
		seen[i] = true
		for _, f := range s.products[i].parts {
			for _, e := range f {
				for _, inner := range making[s.find(e)] {
					visit(inner)
				}
			}
		}
		out = append(out, s.products[i])
	}
	for i := range s.products {
		visit(i)
	}
	return out
}

// agree joins two ways of making the same class; it reports whether that
// changed anything.
func (s *space) agree(a, b []elem) (changed bool) {
	if len(a) != len(b) {
		s.keep(axis{a, b}, "reshaped in two ways that do not agree")
		return false
	}
	for i := range a {
		if s.find(a[i]) != s.find(b[i]) {
			s.join(a[i], b[i])
			changed = true
		}
	}
	return changed
}

// cutCycles pins the classes that are made of themselves, at some remove,
// with their parts, and takes them off the list.
func (s *space) cutCycles(made map[elem][]elem) {
	sound := map[elem]bool{}
	for again := true; again; {
		again = false
		for r, parts := range made {
			if !sound[r] && !slices.ContainsFunc(parts, func(p elem) bool { return made[p] != nil && !sound[p] }) {
				sound[r], again = true, true
			}
		}
	}
	for r, parts := range made {
		if !sound[r] {
			s.keep(axis{{r}, parts}, "reshaped into a part of itself")
			delete(made, r)
		}
	}
}

// spread pins the parts of every position that is pinned as a whole.
func (s *space) spread() {
	for again := true; again; {
		again = false
		for _, p := range s.products {
			x := axis(p.parts)
			var at []int
			for i, e := range p.whole {
				why := s.why(e)
				if why == "" {
					continue
				}
				at = x.digits(i, at)
				for k, d := range at {
					again = s.keep(axis{x[k][d : d+1]}, "%s", why) || again
				}
			}
		}
	}
}

// choose pins all parts of a product but one; it reports whether that changed
// anything. By default that is the one with the most choices.
func (s *space) choose(p product, made map[elem][]elem) (changed bool) {
	if s.parts == both {
		return false
	}
	best, most := 0, 0
	for i, f := range p.parts {
		n := s.choices(f, made)
		switch {
		case n == 0 || (n == 1 && most > 0):
		case most <= 1, s.parts == Within, s.parts == Widest && n > most:
			best, most = i, n
		}
	}
	for i, f := range p.parts {
		if i != best {
			changed = s.keep(axis{f}, "a block of a reshaped axis") || changed
		}
	}
	return changed
}

// choices counts the classes, not pinned, on which the elements of a factor
// depend.
func (s *space) choices(f factor, made map[elem][]elem) int {
	free := map[elem]bool{}
	var visit func(e elem)
	visit = func(e elem) {
		r := s.find(e)
		for _, p := range made[r] {
			visit(p)
		}
		if made[r] == nil && s.pin[r] == 0 {
			free[r] = true
		}
	}
	for _, e := range f {
		visit(e)
	}
	return len(free)
}
