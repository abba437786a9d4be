package op

import (
	"fmt"
	"maps"
	"slices"

	"github.com/prunefuse/prunefuse/onnxio"
)

// Ref is one axis of one input or output of a node.
type Ref struct {
	Output bool
	Slot   int // which input or output
	Axis   int
}

// In returns an axis of input i.
func In(i, axis int) Ref { return Ref{false, i, axis} }

// Out returns an axis of output i.
func Out(i, axis int) Ref { return Ref{true, i, axis} }

// Axes gathers what an axis rule says of one node. A rule states facts about
// axes; who prunes combines those of all nodes. An axis of a tensor with
// extent above 1 that the rule does not mention is pinned.
type Axes struct {
	*Infer
	Links     []Link
	Groups    []Regroup
	Pins      []Pin
	Mixed     []Ref
	Blocks    []Block
	Extents   []Extent
	Positions []Positions
	Taken     []Taken
	Stated    []Element
	Summed    []Ref
	named     map[Ref]bool
}

// Link says that position AI[k] of A is removed exactly when position BI[k]
// of B is; nil lists mean position for position over the whole axis.
type Link struct {
	A, B   Ref
	AI, BI []int
}

// Regroup says that the axes of From, read row-major as one, are those of To
// read row-major as one.
type Regroup struct{ From, To []Ref }

// Pin says that no index of an axis may be removed.
type Pin struct {
	Ref    Ref
	Reason string
}

// Block says that an axis falls into Count equal blocks of which as many
// indices must stay in each.
type Block struct {
	Ref   Ref
	Count int
}

// NewAxes runs the axis rule of a node over inferred facts.
func NewAxes(f *Facts, g *onnxio.Graph, n *onnxio.Node) (*Axes, error) {
	a := &Axes{Infer: &Infer{Facts: f, Node: n, Graph: g}, named: map[Ref]bool{}}
	d := Lookup(n, f.Opset)
	switch {
	case d == nil:
		a.PinAll(fmt.Sprintf("operator %s is not in the table", n.Op()))
		return a, nil
	case !a.shaped():
		a.PinAll(fmt.Sprintf("the shapes at %v are not known", n))
		return a, nil
	case a.longest() > maxExtent:
		a.PinAll(fmt.Sprintf("an axis at %v is too long to be followed index by index", n))
		return a, nil
	}
	if err := d.Axes(a); err != nil {
		return nil, fmt.Errorf("%v: %w", n, err)
	}
	if !a.sound() {
		*a = Axes{Infer: a.Infer, named: map[Ref]bool{}}
		a.PinAll(fmt.Sprintf("the ranks at %v are not what %s takes", n, n.Op()))
		return a, nil
	}
	a.each(func(r Ref) {
		if !a.named[r] {
			a.Pin(r, fmt.Sprintf("%s does not carry this axis", n.Op()))
		}
	})
	return a, nil
}

// maxExtent bounds the axes whose indices are followed one by one.
const maxExtent = 1 << 24

// sound reports whether every axis that the rule speaks of is there.
func (a *Axes) sound() bool {
	refs := slices.Collect(maps.Keys(a.named))
	refs = append(refs, a.followed()...)
	for _, r := range refs {
		if a.Given(r) && !a.there(r) {
			return false
		}
	}
	return true
}

// longest returns the greatest known extent of any axis.
func (a *Axes) longest() int64 {
	n := int64(0)
	a.each(func(r Ref) { n = max(n, a.Dim(r).Or(0)) })
	return n
}

// each visits every axis of every given input and output.
func (a *Axes) each(f func(Ref)) {
	for i, in := range a.Node.Inputs() {
		for k := range a.In(i).Shape {
			if in != "" {
				f(In(i, k))
			}
		}
	}
	for i, o := range a.Node.Outputs() {
		for k := range a.OutType(i).Shape {
			if o != "" {
				f(Out(i, k))
			}
		}
	}
}

// Dim returns the extent of an axis.
func (a *Axes) Dim(r Ref) onnxio.Dim {
	s := a.In(r.Slot).Shape
	if r.Output {
		s = a.OutType(r.Slot).Shape
	}
	return s[r.Axis]
}

// Given reports whether the axis's tensor is there.
func (a *Axes) Given(r Ref) bool {
	if r.Output {
		return a.Node.Output(r.Slot) != ""
	}
	return a.Has(r.Slot)
}

// Same says that the axes are pruned by the same indices. Axes of tensors
// that are left out are skipped.
func (a *Axes) Same(first Ref, rest ...Ref) {
	a.named[first] = true
	for _, r := range rest {
		a.named[r] = true
		if a.Given(first) && a.Given(r) {
			a.Links = append(a.Links, Link{A: first, B: r})
		}
	}
}

// Match says that position ai[k] of x goes with position bi[k] of y.
func (a *Axes) Match(x, y Ref, ai, bi []int) {
	a.named[x], a.named[y] = true, true
	a.Links = append(a.Links, Link{A: x, B: y, AI: ai, BI: bi})
}

// Free says that an axis starts or ends here: its indices may be removed as
// far as this operator is concerned.
func (a *Axes) Free(refs ...Ref) {
	for _, r := range refs {
		a.named[r] = true
	}
}

// Regroup says that the axes from, in row-major order, hold the same indices
// as the axes to.
func (a *Axes) Regroup(from, to []Ref) {
	a.Free(from...)
	a.Free(to...)
	a.Groups = append(a.Groups, Regroup{from, to})
}

// Pin says that no index of the axis may go, and why.
func (a *Axes) Pin(r Ref, reason string) {
	a.named[r] = true
	if a.Given(r) {
		a.Pins = append(a.Pins, Pin{r, reason})
	}
}

// PinAll pins every axis of the node.
func (a *Axes) PinAll(reason string) {
	a.each(func(r Ref) { a.Pin(r, reason) })
}

// Mixes says that values mix along the axis, so that removing an index
// changes what the others give.
func (a *Axes) Mixes(r Ref) {
	a.named[r] = true
	a.Mixed = append(a.Mixed, r)
}

// Sums says that the operator sums over the axis of a weight though outputs
// carry its index too, as a recurrent net does over its own state: zeros
// there take the index out of everything but its own output.
func (a *Axes) Sums(r Ref) {
	a.named[r] = true
	a.Summed = append(a.Summed, r)
}

// Equal says that each of n equal blocks of the axis keeps as many indices.
func (a *Axes) Equal(r Ref, n int) {
	a.named[r] = true
	a.Blocks = append(a.Blocks, Block{r, n})
}

// elementwise is the axis rule of operators that act on each element of
// their inputs, which broadcast.
func elementwise(a *Axes) error {
	out := a.OutType(0).Shape
	for i := range a.Node.Inputs() {
		if !a.Has(i) {
			continue
		}
		s := a.In(i).Shape
		off := len(out) - len(s)
		for k, d := range s {
			if d.Is(1) && !out[off+k].Is(1) {
				a.Free(In(i, k)) // broadcast: one value serves every index
				continue
			}
			a.Same(Out(0, off+k), In(i, k))
		}
	}
	for k := range out {
		a.Free(Out(0, k))
	}
	return nil
}

// alike is the axis rule of operators whose output has the axes of input 0
// and whose other inputs are parameters without axes of interest.
func alike(a *Axes) error {
	for k := range a.In(0).Shape {
		for o := range a.Node.Outputs() {
			a.Same(In(0, k), Out(o, k))
		}
	}
	return nil
}

// alikeBut is alike for all axes but those along which the operator acts,
// which are pinned.
func (a *Axes) alikeBut(why string, acts ...int) error {
	for k := range a.In(0).Shape {
		if slices.Contains(acts, k) {
			a.Pin(In(0, k), why)
			a.Pin(Out(0, k), why)
			continue
		}
		a.Same(In(0, k), Out(0, k))
	}
	return nil
}
