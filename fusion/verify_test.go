package fusion_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/fusion"
	"github.com/prunefuse/prunefuse/models"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/pruning"
)

// TestVerifyFindsADifference: one bit of any weight is enough.
func TestVerifyFindsADifference(t *testing.T) {
	t.Parallel()
	dense := build(t, "resnet20", models.Options{Width: 0.5})
	selector := trained(t, prune(t, dense, 1), 2)
	fused := fuse(t, dense, selector, fusion.Options{})
	plan, err := pruning.ReadPlan(selector)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range selector.Graph.Initializers() {
		whole := fused.Graph.Initializer(w.Name())
		at := 0 // the position of the selector's first element
		e, cut := plan.Initializers[w.Name()]
		for k, d := range whole.Dims() {
			at *= int(d)
			if cut {
				at += e.Axis(k)[0]
			}
		}
		raw := slices.Clone(bytesOf(t, whole))
		raw[4*at] ^= 1
		flipped := set(t, fused, onnxio.RawTensor(w.Name(), whole.Elem(), whole.Dims(), raw))
		var d *fusion.DiffersError
		if err := fusion.Verify(flipped, selector); !errors.As(err, &d) || d.Weight != w.Name() {
			t.Errorf("a bit of %q flipped: %v", w.Name(), err)
		}
	}
	if err := fusion.Verify(fused, selector); err != nil {
		t.Error(err)
	}
	var d *fusion.DiffersError
	if err := fusion.Verify(build(t, "mlp", models.Options{}), selector); !errors.As(err, &d) || !strings.Contains(d.Reason, "none of that name") {
		t.Errorf("against another architecture: %v", err)
	}
	if err := fusion.Verify(selector, selector); !errors.As(err, &d) || !strings.Contains(d.Reason, "fused shape") {
		t.Errorf("against itself: %v", err)
	}
	if err := fusion.Verify(fused, dense); !errors.Is(err, fusion.ErrNoPlan) {
		t.Errorf("without a plan: %v", err)
	}
}
