package op_test

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
	m := graph(t, func(p *onnxio.Patch) {
		p.SetInputType("x", floats(onnxio.Known(2), onnxio.Known(3), onnxio.Known(4), onnxio.Known(4)))
		for name, dims := range map[string][]int64{"w": {6, 3, 1, 1}, "v": {2, 6, 1, 1}} {
			v := make([]float32, onnxio.ShapeOf(dims...).Size().Or(0))
			for i := range v {
				v[i] = float32(i*5%7) - 3
			}
			p.SetInitializer(onnxio.NewTensor(name, dims, v))
		}
		p.SetInitializer(onnxio.NewTensor("size", []int64{4}, []int64{2, 6, 4, 4}))
		kernel, strides := onnxio.Ints("kernel_shape", 2, 2), onnxio.Ints("strides", 2, 2)
		node(p, "wide", "Conv", []string{"x", "w"})
		p.Add(onnxio.NodeSpec{Op: "MaxPool", Inputs: []string{"wide"}, Outputs: []string{"pooled", "at"}, Attrs: []onnxio.Attr{kernel, strides}})
		node(p, "back", "MaxUnpool", []string{"pooled", "at", "size"}, kernel, strides)
		node(p, "y", "Conv", []string{"back", "v"})
		p.SetOutputType("y", onnxio.Type{Elem: onnxio.Float32})
	})
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
