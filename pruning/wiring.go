package pruning

import (
	"slices"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
)

// wiring works the statements of one node's axis rule into the space. Axes
// of outputs, and of constants read here first, are unset at the beginning
// and take the indices of what they are tied to.
type wiring struct {
	*Analysis
	rule      *op.Axes
	ins, outs [][]axis
}

func (w *wiring) at(r op.Ref) *axis {
	list := w.ins
	if r.Output {
		list = w.outs
	}
	return &list[r.Slot][r.Axis]
}

// regroup sets the axes that the rule reads off others in row-major order.
func (w *wiring) regroup() {
	for _, g := range w.rule.Groups {
		var from []axis
		for _, r := range g.From {
			w.ensure(r)
			from = append(from, *w.at(r))
		}
		extents := make([]onnxio.Dim, len(g.To))
		empty := slices.ContainsFunc(from, func(x axis) bool { return len(x) == 0 })
		for i, r := range g.To {
			extents[i] = w.rule.Dim(r)
			empty = empty || extents[i].Is(0)
		}
		if empty {
			continue
		}
		for i, x := range w.space.regroup(from, extents) {
			*w.at(g.To[i]) = x
		}
	}
}

// copySame gives unset axes the indices of set ones they are tied to as a
// whole, so that chains of nodes share elements instead of joining them.
func (w *wiring) copySame() {
	alike := func(l op.Link) bool { return l.AI == nil && w.rule.Dim(l.A) == w.rule.Dim(l.B) }
	for changed := true; changed; {
		changed = false
		for _, l := range w.rule.Links {
			if !alike(l) {
				continue
			}
			a, b := w.at(l.A), w.at(l.B)
			switch {
			case *a == nil && *b != nil:
				*a, changed = *b, true
			case *b == nil && *a != nil:
				*b, changed = *a, true
			}
		}
	}
	for _, l := range w.rule.Links {
		if alike(l) && *w.at(l.A) == nil && *w.at(l.B) == nil && !w.rule.Dim(l.A).Is(0) {
			w.ensure(l.A)
			*w.at(l.B) = *w.at(l.A)
			w.copySame()
			return
		}
	}
}

// fill gives new indices to every axis that is still unset.
func (w *wiring) fill() {
	for i := range w.ins {
		for k := range w.ins[i] {
			w.ensure(op.In(i, k))
		}
	}
	for i := range w.outs {
		for k := range w.outs[i] {
			w.ensure(op.Out(i, k))
		}
	}
}

func (w *wiring) ensure(r op.Ref) {
	if x := w.at(r); *x == nil {
		*x = w.space.axisOf(w.rule.Dim(r))
	}
}

func (w *wiring) link() {
	for _, l := range w.rule.Links {
		a, b := *w.at(l.A), *w.at(l.B)
		if l.AI == nil {
			w.space.tie(a, b)
		} else {
			w.match(l, a, b)
		}
	}
	for _, b := range w.rule.Blocks {
		w.equal(*w.at(b.Ref), b.Count)
	}
}

// match joins positions one by one, which needs axes of one factor each.
func (w *wiring) match(l op.Link, a, b axis) {
	if len(a) == 0 || len(b) == 0 {
		return
	}
	a, b = w.whole(a), w.whole(b)
	for i := range l.AI {
		w.space.join(a[0][l.AI[i]], b[0][l.BI[i]])
	}
}

// whole is the axis as one factor, which follows its digits.
func (w *wiring) whole(x axis) axis {
	if len(x) == 1 {
		return x
	}
	f := w.space.born(x.extent())
	w.space.products = append(w.space.products, product{f, x})
	return axis{f}
}

// equal keeps as many indices in each of n blocks by removing the same ones
// in all.
func (w *wiring) equal(x axis, n int) {
	if len(x) == 0 {
		return
	}
	x = w.whole(x)
	per := len(x[0]) / n
	for i := per; i < per*n; i++ {
		w.space.join(x[0][i%per], x[0][i])
	}
}

func (w *wiring) pin() {
	for _, p := range w.rule.Pins {
		w.space.keep(*w.at(p.Ref), "%v: %s", w.rule.Node, p.Reason)
	}
}
