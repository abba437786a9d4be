package fusion_test

import (
	"slices"
	"testing"

	"github.com/prunefuse/prunefuse/fusion"
	"github.com/prunefuse/prunefuse/models"
	"github.com/prunefuse/prunefuse/onnxio/head"
	"github.com/prunefuse/prunefuse/pruning"
)

// TestFuseNewHead gives pruned networks a last layer for other classes, trains
// them, prunes them once more, and fuses them into dense ones that have the old
// layer. Fuse itself checks that the fused network holds the pruned one.
func TestFuseNewHead(t *testing.T) {
	t.Parallel()
	for _, arch := range []string{"lenet", "resnet8", "preresnet20", "vgg11-bn", "mobilenetv2"} {
		for _, rest := range fusion.Rests {
			t.Run(arch+"/"+string(rest), func(t *testing.T) {
				t.Parallel()
				const old, classes = 6, 9
				dense := build(t, arch, models.Options{Input: [3]int{1, 32, 32}, Classes: old, Width: 0.25, Seed: 5})
				pruned := prune(t, dense, 1)
				renewed, err := pruning.RenewHead(pruned, "", classes, 3)
				if err != nil {
					t.Fatal(err)
				}
				if n := head.Classes(renewed, ""); n != classes {
					t.Fatalf("%d classes", n)
				}
				if again, err := pruning.RenewHead(pruned, "", classes, 3); err != nil || !slices.Equal(marshal(t, again), marshal(t, renewed)) {
					t.Errorf("the same seed gives another model (%v)", err)
				}
				plan, err := pruning.ReadPlan(renewed)
				if err != nil {
					t.Fatal(err)
				}
				if _, _, err := pruning.AnalyzeFor(dense, plan); err != nil {
					t.Errorf("the plan is not read back: %v", err)
				}
				small := trained(t, prune(t, renewed, 2), 4)
				fused, err := fusion.Fuse(dense, small, fusion.Options{Rest: rest})
				if err != nil {
					t.Fatal(err)
				}
				if n := head.Classes(fused, ""); n != classes {
					t.Errorf("fused, it has %d classes", n)
				}
			})
		}
	}
}
