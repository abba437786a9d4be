package pruning

import (
	"fmt"
	"slices"
	"strings"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
)

// pinMeasured pins the axes whose extents the model computes with as data, such
// as the number of elements that a sum is divided by: those must be what they
// were. What is known of them throughout has been folded into constants; what
// stands beside a batch that is not known, or is given out, has not.
func (a *Analysis) pinMeasured() {
	for _, n := range a.Model.Graph.Nodes() {
		if !a.measures(n) {
			continue
		}
		whole := slices.ContainsFunc(a.Facts.Values[n.Output(0)], composed)
		if by := a.computedWith(n.Output(0), whole, map[string]bool{}); by != "" {
			for _, in := range n.Inputs() {
				a.pinValue(in, "%s reads its extent as data", by)
			}
		}
	}
}

// measures reports whether a node makes numbers of extents alone.
func (a *Analysis) measures(n *onnxio.Node) bool {
	known := func(name string) bool { return a.Facts.Values[name] != nil }
	return len(n.Inputs()) > 0 && known(n.Output(0)) && !slices.ContainsFunc(n.Inputs(), known)
}

// composed reports whether an extent is a number of times another.
func composed(d onnxio.Dim) bool { return strings.Contains(d.String(), "*") }

// computedWith names what takes numbers among the elements of v, which are
// extents or follow from them, for data; "" where nothing does. With whole set
// a product with the batch is such a number too.
func (a *Analysis) computedWith(v string, whole bool, seen map[string]bool) string {
	if seen[v] {
		return ""
	}
	seen[v] = true
	g := a.Model.Graph
	counts := slices.ContainsFunc(a.Facts.Values[v], func(d onnxio.Dim) bool { return d.IsKnown() || (whole && composed(d)) })
	if counts && g.IsOutput(v) {
		return fmt.Sprintf("graph output %q", v)
	}
	for _, u := range g.Consumers(v) {
		followed := false
		for _, o := range u.Node.Outputs() {
			if a.Facts.Values[o] == nil {
				continue
			}
			followed = true
			if by := a.computedWith(o, whole, seen); by != "" {
				return by
			}
		}
		if counts && !followed && u.Index >= 0 && a.asData(u) {
			return u.Node.String()
		}
	}
	return ""
}

// asData reports whether a node makes floats of the numbers it reads, and does
// not read them as a shape.
func (a *Analysis) asData(u onnxio.Use) bool {
	if !a.Facts.Types[u.Node.Output(0)].Elem.Float() {
		return false
	}
	t := a.Facts.Types[u.Node.Input(u.Index)]
	if len(t.Shape) == 0 {
		return t.Elem.Float()
	}
	return !slices.ContainsFunc(a.rules[u.Node].Pins, func(p op.Pin) bool { return p.Ref == op.In(u.Index, 0) })
}
