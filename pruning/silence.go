package pruning

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
)

// Silence lists the elements of a constant that have to be zero so that what
// a selection removes does not reach what it keeps.
type Silence struct {
	boxes []box
	// point is what zero is written as in a quantised constant, by its axis
	// where the point has several elements; nil is the number zero.
	point *onnxio.Tensor
	axis  int
}

// box is a set of elements of a tensor: the positions along each axis, all of
// them where the list is nil.
type box [][]bool

// SilenceError says that a sum cannot be kept free of removed indices by any
// choice of the removed weights.
type SilenceError struct {
	Node string // as Node.String gives it
}

func (e *SilenceError) Error() string {
	return e.Node + " sums over removed indices that no removed weight can keep at zero"
}

// Silenced finds what has to be zero of the removed elements of each constant,
// by name, for the network at full size to compute what the selection leaves,
// whatever the other removed elements are. For every sum over an axis that
// loses indices, one of its operands is zero there: a weight, or what makes
// that operand, back to the weights. A sum that none can be found for is a
// *SilenceError.
func (a *Analysis) Silenced(sel Selection) (map[string]*Silence, error) {
	gone, err := a.removed(sel)
	if err != nil {
		return nil, err
	}
	s := &silencer{Analysis: a, gone: gone, found: map[string]*Silence{}}
	for _, n := range a.Model.Graph.Nodes() {
		for _, sum := range sums(a.rules[n]) {
			if a.loses(a.axisOf(n, sum[0]), gone) && !s.sum(n, sum) {
				return nil, &SilenceError{n.String()}
			}
		}
	}
	return s.found, nil
}

type silencer struct {
	*Analysis
	gone  []bool
	found map[string]*Silence
	marks []mark // of the sum at hand
	steps int
}

// mark is a part of a constant that is to be zero.
type mark struct {
	root  string
	of    *onnxio.Tensor
	box   box
	point *onnxio.Tensor
	axis  int
}

// sum silences one operand of a sum; constants come first, then the operands
// in reverse.
func (s *silencer) sum(n *onnxio.Node, sum []op.Ref) bool {
	operands := slices.Clone(sum)
	slices.Reverse(operands)
	slices.SortStableFunc(operands, func(x, y op.Ref) int {
		return cmp.Compare(s.variables(n, []int{x.Slot}), s.variables(n, []int{y.Slot}))
	})
	for _, r := range operands {
		s.marks, s.steps = nil, 0
		if s.silent(n, r.Slot, s.removedAt(n, r), nil) && !slices.ContainsFunc(s.marks, s.reachesKept) && s.commit() {
			return true
		}
	}
	return false
}

// variables counts those of a node's inputs that are no constants.
func (s *silencer) variables(n *onnxio.Node, slots []int) (count int) {
	for _, i := range slots {
		if t, _ := s.Model.Graph.Constant(n.Input(i)); t == nil && n.Input(i) != "" {
			count++
		}
	}
	return count
}

// removedAt is the part of an input where what is kept would read a removed
// index of one axis.
func (s *silencer) removedAt(n *onnxio.Node, r op.Ref) box {
	b := make(box, len(s.rules[n].In(r.Slot).Shape))
	for k := range b {
		x := s.axisOf(n, op.In(r.Slot, k))
		if !s.loses(x, s.gone) {
			continue
		}
		b[k] = make([]bool, x.extent())
		for _, p := range s.kept(x, s.gone) {
			b[k][p] = true
		}
		if k == r.Axis {
			for p := range b[k] {
				b[k][p] = !b[k][p]
			}
		}
	}
	return b
}

// maxSilentSteps bounds the walk back from one sum.
const maxSilentSteps = 4096

// silent marks what makes a part of a node's input zero; it reports whether
// anything does. Dequantize is the node that has read the value, where that
// is a DequantizeLinear.
func (s *silencer) silent(n *onnxio.Node, slot int, b box, dequantize *onnxio.Node) bool {
	name := n.Input(slot)
	if s.steps++; s.steps > maxSilentSteps {
		return false
	}
	if t, root := s.Model.Graph.Constant(name); t != nil {
		return s.constantSilent(t, root, b, dequantize)
	}
	p := s.Model.Graph.Producer(name)
	if p == nil {
		return false
	}
	d := op.Lookup(p, s.Facts.Opset)
	if d == nil || s.rules[p] == nil {
		return false
	}
	out := slices.Index(p.Outputs(), name)
	sets := make([][]int, len(d.Zero))
	for i, set := range d.Zero {
		if sets[i] = set; set == nil {
			sets[i] = iota(len(p.Inputs()))
		}
	}
	slices.SortStableFunc(sets, func(x, y []int) int { return cmp.Compare(s.variables(p, x), s.variables(p, y)) })
	for _, set := range sets {
		before := len(s.marks)
		if s.allSilent(p, out, set, b) {
			return true
		}
		s.marks = s.marks[:before]
	}
	return false
}

// allSilent silences the parts of some inputs that a part of an output is made
// of.
func (s *silencer) allSilent(p *onnxio.Node, out int, set []int, b box) bool {
	for _, i := range set {
		if p.Input(i) == "" {
			continue
		}
		from, some := s.source(p, out, b, i)
		if !some {
			continue
		}
		var dequantize *onnxio.Node
		if p.Op() == "DequantizeLinear" {
			dequantize = p
		}
		if !s.silent(p, i, from, dequantize) {
			return false
		}
	}
	return true
}

func (s *silencer) constantSilent(t *onnxio.Tensor, root string, b box, dequantize *onnxio.Node) bool {
	m := mark{root: root, of: t, box: b}
	if !t.Elem().Float() {
		if dequantize == nil || t.Elem().Bits()%8 != 0 {
			return false
		}
		if point := dequantize.Input(2); point != "" {
			if m.point, _ = s.Model.Graph.Constant(point); m.point == nil || m.point.Rank() > 1 {
				return false
			}
		}
		axis, ok := t.Shape().Axis(dequantize.Int("axis", 1))
		if m.axis = axis; !ok && m.point != nil && m.point.Len() > 1 {
			return false
		}
	}
	s.marks = append(s.marks, m)
	return true
}

// reachesKept reports whether a mark lies on an element that stays.
func (s *silencer) reachesKept(m mark) bool {
	for _, u := range s.uses {
		if u.root != m.root || u.places {
			continue
		}
		apart := false
		for k, x := range u.axes {
			meets := false
			for _, p := range s.kept(x, s.gone) {
				meets = meets || m.box[k] == nil || m.box[k][p]
			}
			apart = apart || !meets
		}
		if !apart {
			return true
		}
	}
	return false
}

// commit takes over the marks; it reports whether they agree with earlier ones.
func (s *silencer) commit() bool {
	for _, m := range s.marks {
		if f := s.found[m.root]; f != nil && (f.point != m.point || f.axis != m.axis) {
			return false
		}
	}
	for _, m := range s.marks {
		if s.found[m.root] == nil {
			s.found[m.root] = &Silence{point: m.point, axis: m.axis}
		}
		s.found[m.root].boxes = append(s.found[m.root].boxes, m.box)
	}
	return true
}

// In is the tensor with zero in the silenced elements.
func (s *Silence) In(t *onnxio.Tensor) (*onnxio.Tensor, error) {
	b, err := t.Bytes()
	if err != nil {
		return nil, err
	}
	b = slices.Clone(b)
	step := t.Elem().Bits() / 8
	zero := make([]byte, step)
	if s.point != nil {
		if zero, err = s.point.Bytes(); err != nil {
			return nil, err
		}
		if len(zero) != step && (s.axis >= t.Rank() || len(zero) != step*int(t.Dim(s.axis))) {
			return nil, fmt.Errorf("weight %q: its zero point has another extent", t.Name())
		}
	}
	stride := make([]int, t.Rank())
	for k, n := t.Rank()-1, 1; k >= 0; k-- {
		stride[k], n = n, n*int(t.Dim(k))
	}
	for _, x := range s.boxes {
		x.each(t.Dims(), stride, 0, 0, func(i int) {
			z := zero
			if len(zero) > step {
				at := i / stride[s.axis] % int(t.Dim(s.axis))
				z = zero[at*step : (at+1)*step]
			}
			copy(b[i*step:], z)
		})
	}
	return onnxio.RawTensor(t.Name(), t.Elem(), t.Dims(), b), nil
}

// each calls f with the index of every element of the box, from axis k on.
func (x box) each(dims []int64, stride []int, k, base int, f func(int)) {
	if k == len(dims) {
		f(base)
		return
	}
	for p := range int(dims[k]) {
		if x[k] == nil || x[k][p] {
			x.each(dims, stride, k+1, base+p*stride[k], f)
		}
	}
}
