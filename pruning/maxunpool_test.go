package pruning_test

import (
	"testing"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/ort"
	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
	"github.com/prunefuse/prunefuse/pruning"
)

// TestUnpooledChannels prunes the channels between a MaxPool and the MaxUnpool
// that takes its indices, which count through them.
func TestUnpooledChannels(t *testing.T) {
	orttest.Need(t)
	b := newNet(t, 5)
	b.input("x", 2, 3, 4, 4)
	kernel, strides := onnxio.Ints("kernel_shape", 2, 2), onnxio.Ints("strides", 2, 2)
	b.conv("wide", "x", 3, 6, 1, 1)
	b.p.Add(onnxio.NodeSpec{Op: "MaxPool", Inputs: []string{"wide"}, Outputs: []string{"pooled", "at"}, Attrs: []onnxio.Attr{kernel, strides}})
	b.op("MaxUnpool", "back", []string{"pooled", "at", b.list("size", 2, 6, 4, 4)}, kernel, strides)
	b.conv("y", "back", 6, 2, 1, 1)
	b.output("y", 2, 2, 4, 4)
	m := b.model()
	a, err := pruning.Analyze(m, pruning.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Groups) != 1 || a.Groups[0].Size != 6 {
		t.Fatalf("%d groups, want the one of 6 channels", len(a.Groups))
	}
	sel := pruning.Selection{{0, 2, 5}}
	pruned, _, err := a.Apply(sel, "")
	if err != nil {
		t.Fatal(err)
	}
	v, err := a.Verify(t.Context(), sel, pruned, pruning.VerifyOptions{Session: ort.SessionOptions{Threads: 1}})
	if err != nil {
		t.Fatal(err)
	}
	if !v.Equal() || v.Scale == 0 {
		t.Errorf("differs by %v of %v", v.MaxDiff, v.Scale)
	}
}
