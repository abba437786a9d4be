package pruning_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
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

// TestBatchOfCompositions: a batch of one, two or three that the shapes of a
// composition hold is freed, and the result is the same as the original sample by
// sample, at that batch and two others.
func TestBatchOfCompositions(t *testing.T) {
	t.Parallel()
	orttest.Need(t)
	for _, c := range compositions() {
		for _, batch := range []int64{1, 2, 3} {
			t.Run(fmt.Sprint(c.name, "/", batch), func(t *testing.T) {
				t.Parallel()
				m := c.model(&sketch{net: newNet(t, 11), batch: batch})
				out, why, err := rewrite.FreeBatch(m)
				if err != nil || why != c.stays {
					t.Fatalf("stays for %q, %v; want %q", why, err, c.stays)
				}
				if why != "" {
					return
				}
				if err := same(pruning.VerifyOptions{Session: plain}, func(o pruning.VerifyOptions) (*pruning.Verification, error) {
					return pruning.Compare(context.Background(), m, out, o)
				}); err != nil {
					t.Error(err)
				}
			})
		}
	}
}
