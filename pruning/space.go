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
