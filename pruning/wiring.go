package pruning

import (
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

// symbolic reports whether the axis has no known extent and so no indices.
func (w *wiring) symbolic(r op.Ref) bool { return !w.rule.Dim(r).IsKnown() }

// regroup sets the axes that the rule reads off others in row-major order.
// With an axis of symbolic extent among them nothing can be said, and all
// are pinned.
func (w *wiring) regroup() {
	for _, g := range w.rule.Groups {
		from, ok := w.collect(g.From)
		extents := make([]int, len(g.To))
		for i, r := range g.To {
			extents[i] = int(w.rule.Dim(r).Or(0))
			ok = ok && extents[i] > 0
		}
		if !ok {
			to, _ := w.collect(g.To)
			for _, x := range append(from, to...) {
				w.space.keep(x, "%v reshapes it together with an axis of unknown extent", w.rule.Node)
			}
			continue
		}
		for i, x := range w.space.regroup(from, extents) {
			*w.at(g.To[i]) = x
		}
	}
}

// collect is the axes of the refs, which are given indices where they have
// none yet; ok is false when one is symbolic.
func (w *wiring) collect(refs []op.Ref) (out []axis, ok bool) {
	ok = true
	for _, r := range refs {
		ok = ok && !w.symbolic(r)
		w.ensure(r)
		out = append(out, *w.at(r))
	}
	return out, ok
}

// copySame gives unset axes the indices of set ones they are tied to as a
// whole, so that chains of nodes share elements instead of joining them.
func (w *wiring) copySame() {
	for changed := true; changed; {
		changed = false
		for _, l := range w.rule.Links {
			if l.AI != nil || w.symbolic(l.A) || w.symbolic(l.B) {
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
		if l.AI == nil && !w.symbolic(l.A) && !w.symbolic(l.B) && *w.at(l.A) == nil && *w.at(l.B) == nil {
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
	if x := w.at(r); *x == nil && !w.symbolic(r) {
		if n := w.rule.Dim(r).Or(0); n > 0 {
			*x = axis{w.space.born(int(n))}
		}
	}
}

func (w *wiring) link() {
	for _, l := range w.rule.Links {
		a, b := *w.at(l.A), *w.at(l.B)
		switch {
		case len(a) == 0 || len(b) == 0:
			w.space.keep(a, "%v ties it to an axis of unknown extent", w.rule.Node)
			w.space.keep(b, "%v ties it to an axis of unknown extent", w.rule.Node)
		case l.AI == nil:
			w.space.tie(a, b)
		default:
			w.match(l, a, b)
		}
	}
	for _, b := range w.rule.Blocks {
		w.equal(*w.at(b.Ref), b.Count)
	}
}

// match joins positions one by one, which needs axes of one factor each.
func (w *wiring) match(l op.Link, a, b axis) {
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
