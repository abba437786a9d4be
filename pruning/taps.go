package pruning

import (
	"slices"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
)

// maxTaps bounds the inner values that are compared beside the outputs.
const maxTaps = 16

// compared says what is compared: seen are float values inside the graph that
// keep all their indices, where both models must give the same and where it is
// seen what a saturated output would hide; first those that choices are made
// of, then the last ones. Behind are the outputs that hang on a choice.
func (a *Analysis) compared(sel Selection, pruned *onnxio.Model) (seen, behind []string) {
	gone, err := a.removed(sel)
	if err != nil {
		return nil, nil
	}
	nodes := a.Model.Graph.Nodes()
	chosen := map[string]bool{}
	var first, last []string
	for _, n := range nodes {
		d := op.Lookup(n, a.Facts.Opset)
		jumps := (d != nil && d.Jumps) || op.Draws(a.Facts, a.Model.Graph, n)
		after := jumps || slices.ContainsFunc(slices.Concat(n.Inputs(), n.Captures()), func(in string) bool { return chosen[in] })
		for _, o := range n.Outputs() {
			chosen[o] = chosen[o] || (after && o != "")
			if !after && a.tappable(o, gone, pruned) {
				last = append(last, o)
			}
		}
		for _, in := range n.Inputs() {
			if jumps && !chosen[in] && a.tappable(in, gone, pruned) {
				first = append(first, in)
			}
		}
	}
	for _, v := range a.Model.Graph.Outputs() {
		if chosen[v.Name] {
			behind = append(behind, v.Name)
		}
	}
	slices.Reverse(last)
	for _, v := range append(first, last...) {
		if !slices.Contains(seen, v) && len(seen) < maxTaps {
			seen = append(seen, v)
		}
	}
	return seen, behind
}

// tappable reports whether a value is a float that both models compute at its
// full extents, and no output already.
func (a *Analysis) tappable(name string, gone []bool, pruned *onnxio.Model) bool {
	g := a.Source.Graph
	if name == "" || !a.Facts.Types[name].Elem.Float() || g.IsOutput(name) || g.Producer(name) == nil || pruned.Graph.Producer(name) == nil {
		return false
	}
	if _, root := a.Model.Graph.Constant(name); root != "" {
		return false
	}
	return !slices.ContainsFunc(a.values[name], func(x axis) bool { return a.loses(x, gone) })
}
