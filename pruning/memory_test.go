package pruning_test

import (
	"fmt"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/pruning"
)

// TestMemory: from the file to the written result no more is allocated, what
// is freed in between included, than the result and a few times the largest
// weight; and the file itself where it holds the weights. Not parallel, as
// others would be counted.
func TestMemory(t *testing.T) {
	const layers, width = 12, 1024
	b := newNet(t, 1)
	x := b.input("x", 0, width)
	for i := range layers {
		x = b.relu(fmt.Sprintf("r%d", i), b.op("MatMul", fmt.Sprintf("m%d", i), []string{x, b.weight(fmt.Sprintf("w%d", i), width, width)}))
	}
	b.op("Softmax", "p", []string{x})
	b.output("p", 0, width)
	dense := b.model()
	const largest = width * width * 4
	for _, external := range []bool{true, false} {
		path := filepath.Join(t.TempDir(), "dense.onnx")
		if err := dense.Save(path, onnxio.SaveOptions{External: external}); err != nil {
			t.Fatal(err)
		}
		var r *pruning.Result
		got := allocated(func() {
			m, err := onnxio.Load(path)
			if err != nil {
				t.Fatal(err)
			}
			r = prune(t, m, pruning.Config{Ratio: 0.5})
			if err := r.Model.Save(filepath.Join(t.TempDir(), "small.onnx"), onnxio.SaveOptions{}); err != nil {
				t.Fatal(err)
			}
		})
		limit := uint64(4 * largest)
		for _, w := range r.Model.Graph.Initializers() {
			limit += 4 * uint64(w.Len())
		}
		if !external {
			limit += layers * largest
		}
		if got > limit {
			t.Errorf("external %v: %d bytes were allocated, want at most %d", external, got, limit)
		}
		got = allocated(func() {
			if _, err := r.Analysis.Masked(r.Selection); err != nil {
				t.Fatal(err)
			}
		})
		if got > largest {
			t.Errorf("external %v: masking allocates %d bytes, want at most %d", external, got, largest)
		}
	}
}

// allocated is how many bytes f allocates.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}
