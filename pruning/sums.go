package pruning

import (
	"slices"

	"github.com/prunefuse/prunefuse/onnxio/op"
)

// sums lists the axes that a node sums over: sets of axes of two inputs or
// more that are tied to each other and to no output's, and those the rule
// says so of. Taking an index out of any one of a set takes it out of the
// sum.
func sums(rule *op.Axes) [][]op.Ref {
	var sets [][]op.Ref
	at := func(r op.Ref) int {
		return slices.IndexFunc(sets, func(s []op.Ref) bool { return slices.Contains(s, r) })
	}
	for _, l := range rule.Links {
		if !rule.Given(l.A) || !rule.Given(l.B) {
			continue
		}
		i, j := at(l.A), at(l.B)
		switch {
		case i < 0 && j < 0:
			sets = append(sets, []op.Ref{l.A, l.B})
		case i < 0:
			sets[j] = append(sets[j], l.A)
		case j < 0:
			sets[i] = append(sets[i], l.B)
		case i != j:
			sets[i] = append(sets[i], sets[j]...)
			sets = slices.Delete(sets, j, j+1)
		}
	}
	sets = slices.DeleteFunc(sets, func(s []op.Ref) bool {
		return slices.ContainsFunc(s, func(r op.Ref) bool { return r.Output })
	})
	for _, r := range rule.Summed {
		sets = append(sets, []op.Ref{r})
	}
	return sets
}
