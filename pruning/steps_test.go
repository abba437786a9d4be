package pruning_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/prunefuse/prunefuse/models"
	"github.com/prunefuse/prunefuse/pruning"
)

// TestSteps: steps end at the counts of one prune, keep what pruning again
// and again would, and the plan is of the dense model.
func TestSteps(t *testing.T) {
	for _, tc := range []struct {
		arch string
		c    pruning.Config
	}{
		{"resnet20", pruning.Config{Ratio: 0.5}},
		{"mobilenetv2", pruning.Config{Ratio: 0.9, Criterion: "l1"}},
		{"vgg11-bn", pruning.Config{Ratio: 0.6, Criterion: "fpgm", Scope: pruning.Global}},
		{"preresnet20", pruning.Config{Budget: pruning.Budget{Of: pruning.MACs, Share: 0.3}, Criterion: "group-norm", Limits: pruning.Limits{RoundTo: 4}}},
	} {
		t.Run(tc.arch, func(t *testing.T) {
			t.Parallel()
			dense := wild(t, build(t, tc.arch, models.Options{Width: 0.5, Input: [3]int{3, 32, 32}}), 5)
			once := prune(t, dense, tc.c)
			tc.c.Steps, tc.c.ParentName = 3, "dense"
			stepped := prune(t, dense, tc.c)
			differ := false
			for i, g := range stepped.Analysis.Groups {
				if len(stepped.Selection[i]) != len(once.Selection[i]) {
					t.Errorf("%s: %d channels in steps, %d at once", g.Name(), len(stepped.Selection[i]), len(once.Selection[i]))
				}
				differ = differ || fmt.Sprint(stepped.Selection[i]) != fmt.Sprint(once.Selection[i])
			}
			if !differ {
				t.Error("scoring anew made no difference")
			}
			if v := verify(t, stepped.Analysis, stepped.Selection, stepped.Model); !v.Equal() || v.Scale == 0 {
				t.Errorf("%+v", v)
			}
			if again, err := pruning.PruneByPlan(dense, stepped.Plan, "dense"); err != nil || !bytes.Equal(marshal(t, again.Model), marshal(t, stepped.Model)) {
				t.Errorf("the plan gives another model: %v", err)
			}
		})
	}
}

// TestStepsAreSuccessivePrunes compares steps with prunes one after the
// other, which compose to the same file.
func TestStepsAreSuccessivePrunes(t *testing.T) {
	t.Parallel()
	dense := wild(t, build(t, "resnet20", models.Options{}), 9)
	stepped := prune(t, dense, pruning.Config{Ratio: 0.5, Steps: 2, ParentName: "dense"})
	half := prune(t, dense, pruning.Config{Ratio: 0.25, ParentName: "dense"})
	// 12 of 16, 24 of 32 and 48 of 64 are left; a third of them go.
	full := prune(t, half.Model, pruning.Config{Ratio: 1. / 3, ParentName: "half"})
	if !bytes.Equal(marshal(t, full.Model), marshal(t, stepped.Model)) {
		t.Error("two steps are not two prunes")
	}
}
