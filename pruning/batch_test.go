package pruning_test

import (
	"testing"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/rewrite"
	"github.com/prunefuse/prunefuse/pruning"
)

// TestFixedBatchCanBeFreed: a batch that the input alone fixes is not written
// into the shapes of the pruned model, which is trained with another one.
func TestFixedBatchCanBeFreed(t *testing.T) {
	t.Parallel()
	b := newNet(t, 4)
	b.input("x", 1, 3, 2, 3)
	b.conv("a", "x", 3, 4, 3, 1)
	b.op("Shape", "as", []string{"a"})
	b.op("Gather", "n", []string{"as", b.list("zero", 0)}, onnxio.Int("axis", 0))
	b.op("Concat", "s", []string{"n", b.list("fixed", 24)}, onnxio.Int("axis", 0))
	b.op("Reshape", "f", []string{"a", "s"})
	b.gemm("y", "f", 24, 3)
	b.output("y", 1, 3)
	r := prune(t, b.model(), pruning.Config{Ratio: 0.5})
	if out, why, err := rewrite.FreeBatch(r.Model); err != nil || out == r.Model {
		t.Errorf("not freed: %s, %v", why, err)
	}
}
