package pruning_test

import (
	"slices"
	"testing"

	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
	"github.com/prunefuse/prunefuse/pruning"
)

// TestParts prunes an attention of 3 heads of 4 by whole heads and within
// them, whichever are more, and finds the selection again from the plan alone.
func TestParts(t *testing.T) {
	t.Parallel()
	orttest.Need(t)
	s := &sketch{net: newNet(t, 3)}
	s.separate(3, 4)
	m := s.model()
	for parts, want := range map[pruning.Parts][]int{pruning.Whole: {3}, pruning.Within: {4, 4}, pruning.Widest: {4, 4}} {
		a := analyze(t, m, pruning.Options{Parts: parts})
		var sizes []int
		for _, g := range a.Groups {
			for _, w := range g.Members {
				if w.Initializer == "q.w" && w.Axis == 1 || w.Initializer == "v.w" && w.Axis == 1 {
					sizes = append(sizes, g.Size)
					break
				}
			}
		}
		if !slices.Equal(sizes, want) {
			t.Errorf("%q: groups of %v, want %v", parts, sizes, want)
		}
		r := prune(t, m, pruning.Config{Ratio: 0.5, Parts: parts})
		if v := verify(t, r.Analysis, r.Selection, r.Model); !v.Equal() {
			t.Errorf("%q: %+v", parts, v)
		}
		again, err := pruning.PruneByPlan(m, r.Plan, "")
		if err != nil {
			t.Fatalf("%q: %v", parts, err)
		}
		if !slices.EqualFunc(again.Selection, r.Selection, slices.Equal[[]int]) {
			t.Errorf("%q: the plan gives %v, want %v", parts, again.Selection, r.Selection)
		}
	}
}
