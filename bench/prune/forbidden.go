package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/prunefuse/prunefuse/onnxio/op"
	"github.com/prunefuse/prunefuse/pruning"
)

// forbiddenBy says what keeps a pruned model's MACs up. Where a fraction keep
// of all channels stays, a layer cut on both sides keeps the square of it.
// What a node has beyond that is charged to the pinned axes of its weights,
// or to its operator where none is pinned, and the greatest charge is told.
func forbiddenBy(a *pruning.Analysis, before, after op.Stats, keep float64) string {
	left := map[string]int64{}
	for _, c := range after.PerNode {
		left[c.Node.Output(0)] = c.MACs
	}
	pins := map[string]pruning.Pinned{}
	for _, p := range a.Pinned {
		if _, known := pins[p.Initializer]; !known {
			pins[p.Initializer] = p
		}
	}
	charges := map[string]float64{}
	total := 0.0
	for _, c := range before.PerNode {
		excess := float64(left[c.Node.Output(0)]) - keep*keep*float64(c.MACs)
		if excess <= 0 {
			continue
		}
		total += excess
		to := fmt.Sprintf("%s without a pinned axis, such as %v", c.Node.Op(), c.Node)
		for _, in := range c.Node.Inputs() {
			_, root := a.Model.Graph.Constant(in)
			if p, pinned := pins[root]; pinned {
				to = fmt.Sprintf("%s:%d: %s", p.Initializer, p.Axis, p.Reason)
				break
			}
		}
		charges[to] += excess
	}
	if len(charges) == 0 {
		return ""
	}
	most := slices.MaxFunc(slices.Sorted(maps.Keys(charges)), func(x, y string) int {
		return cmp.Compare(charges[x], charges[y])
	})
	return fmt.Sprintf("%s (%.0f %% of what is too much)", most, 100*charges[most]/total)
}
