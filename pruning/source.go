package pruning

import (
	"slices"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
)

// source is the part of a node's input that a part of one of its outputs is
// made of, by the node's axis rule; some is false where it is empty. Where the
// rule does not tell, the part is everything along that axis.
func (s *silencer) source(n *onnxio.Node, out int, b box, in int) (from box, some bool) {
	rule := s.rules[n]
	from = make(box, len(rule.In(in).Shape))
	for j, mask := range b {
		if mask == nil {
			continue
		}
		for _, r := range alike(rule, op.Out(out, j)) {
			if !r.Output && r.Slot == in {
				from[r.Axis] = mask
			}
		}
	}
	for _, l := range rule.Links {
		if l.AI != nil {
			matched(rule, l, out, b, in, from)
		}
	}
	for _, g := range rule.Groups {
		ungrouped(rule, g, out, b, in, from)
	}
	if n.Op() == "Gather" && in == 0 {
		s.gathered(n, from)
	}
	return from, !slices.ContainsFunc(from, func(mask []bool) bool { return mask != nil && !slices.Contains(mask, true) })
}

// alike lists the axes of a node that have the same positions as one, by any
// chain of links that list none, and that one.
func alike(rule *op.Axes, from op.Ref) []op.Ref {
	out := []op.Ref{from}
	for i := 0; i < len(out); i++ {
		for _, l := range rule.Links {
			for _, pair := range [][2]op.Ref{{l.A, l.B}, {l.B, l.A}} {
				if l.AI == nil && pair[0] == out[i] && rule.Given(pair[1]) && rule.Dim(pair[1]) == rule.Dim(from) && !slices.Contains(out, pair[1]) {
					out = append(out, pair[1])
				}
			}
		}
	}
	return out
}

// matched carries a mask of an output's axis over a link that lists positions.
func matched(rule *op.Axes, l op.Link, out int, b box, in int, from box) {
	y, x, yi, xi := l.A, l.B, l.AI, l.BI
	if !y.Output {
		y, x, yi, xi = x, y, xi, yi
	}
	if !y.Output || x.Output || y.Slot != out || x.Slot != in {
		return
	}
	if from[x.Axis] == nil {
		from[x.Axis] = make([]bool, rule.Dim(x).Or(0))
	}
	for i, p := range xi {
		from[x.Axis][p] = from[x.Axis][p] || b[y.Axis] == nil || b[y.Axis][yi[i]]
	}
}

// gathered narrows the part of a Gather's data to the positions that it reads,
// where those are constant.
func (s *silencer) gathered(n *onnxio.Node, from box) {
	t, _ := s.Model.Graph.Constant(n.Input(1))
	shape := s.rules[n].In(0).Shape
	axis, ok := shape.Axis(n.Int("axis", 0))
	if t == nil || !ok || from[axis] != nil {
		return
	}
	extent, known := shape[axis].Value()
	at, err := t.Ints()
	if !known || err != nil {
		return
	}
	mask := make([]bool, extent)
	for _, p := range at {
		if p < 0 {
			p += extent
		}
		if p < 0 || p >= extent {
			return
		}
		mask[p] = true
	}
	from[axis] = mask
}

// ungrouped carries masks of the axes that others were regrouped to back to
// those. Runs of axes with equal products are treated one by one; a run whose
// extents are not known, or whose mask is no box there, is left open.
func ungrouped(rule *op.Axes, g op.Regroup, out int, b box, in int, from box) {
	if slices.ContainsFunc(g.From, func(r op.Ref) bool { return r.Output || r.Slot != in }) ||
		slices.ContainsFunc(g.To, func(r op.Ref) bool { return !r.Output || r.Slot != out }) {
		return
	}
	for i, j := 0, 0; i < len(g.From) && j < len(g.To); {
		if rule.Dim(g.From[i]) == rule.Dim(g.To[j]) {
			from[g.From[i].Axis] = b[g.To[j].Axis]
			i, j = i+1, j+1
			continue
		}
		ni, nj := i+1, j+1
		x, y := rule.Dim(g.From[i]), rule.Dim(g.To[j])
		for x != y {
			a, aok := x.Value()
			c, cok := y.Value()
			switch {
			case !aok || !cok:
				return
			case a < c && ni < len(g.From):
				x = x.Mul(rule.Dim(g.From[ni]))
				ni++
			case a > c && nj < len(g.To):
				y = y.Mul(rule.Dim(g.To[nj]))
				nj++
			default:
				return
			}
		}
		split(rule, g.From[i:ni], g.To[j:nj], b, from)
		i, j = ni, nj
	}
}

// split writes the mask of the axes to, read row-major, as masks of the axes
// of x, where it is a box of them.
func split(rule *op.Axes, x, to []op.Ref, b, from box) {
	extents := func(refs []op.Ref) (dims []int, n int) {
		n = 1
		for _, r := range refs {
			d := int(rule.Dim(r).Or(0))
			dims, n = append(dims, d), n*d
		}
		return dims, n
	}
	toDims, n := extents(to)
	xDims, _ := extents(x)
	masks := make([][]bool, len(x))
	for k, d := range xDims {
		masks[k] = make([]bool, d)
	}
	in := 0
	for p := range n {
		inside, rest := true, p
		for k := len(to) - 1; k >= 0; k-- {
			if mask := b[to[k].Axis]; mask != nil && !mask[rest%toDims[k]] {
				inside = false
			}
			rest /= toDims[k]
		}
		if !inside {
			continue
		}
		in++
		rest = p
		for k := len(x) - 1; k >= 0; k-- {
			masks[k][rest%xDims[k]] = true
			rest /= xDims[k]
		}
	}
	spanned := 1
	for _, mask := range masks {
		count := 0
		for _, m := range mask {
			if m {
				count++
			}
		}
		spanned *= count
	}
	for k, r := range x {
		if spanned == in && slices.Contains(masks[k], false) {
			from[r.Axis] = masks[k]
		}
	}
}
