package ort_test

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/ort"
	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
)

// TestSessionOf: a model computes the same from memory and through files,
// which are gone when the session is there, when its making fails and when it
// is broken off.
func TestSessionOf(t *testing.T) {
	t.Parallel()
	orttest.Need(t)
	const n = 40
	w := make([]float32, n*n)
	for i := range w {
		w[i] = float32(i%7) - 3
	}
	m := onnxio.New("m")
	p := m.Graph.Edit()
	p.SetInputType("x", onnxio.Type{Elem: onnxio.Float32, Shape: onnxio.ShapeOf(1, n)})
	p.SetOutputType("y", onnxio.Type{Elem: onnxio.Float32, Shape: onnxio.ShapeOf(1, n)})
	p.SetInitializer(onnxio.NewTensor("w", []int64{n, n}, w))
	p.Add(onnxio.NodeSpec{Op: "MatMul", Inputs: []string{"x", "w"}, Outputs: []string{"y"}})
	if err := p.Apply(); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	empty := func() {
		t.Helper()
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("the folder holds %v, %v", left, err)
		}
	}
	o := ort.SessionOptions{Scratch: dir}
	var results [][]float32
	for _, make := range []func(context.Context, *onnxio.Model, ort.SessionOptions) (*ort.Session, error){ort.SessionOf, ort.ThroughFiles} {
		s, err := make(t.Context(), m, o)
		if err != nil {
			t.Fatal(err)
		}
		out := []*ort.Tensor{nil}
		if err := s.Run(t.Context(), []*ort.Tensor{tensor(t, []int64{1, n}, w[:n]...)}, out); err != nil {
			t.Fatal(err)
		}
		results = append(results, ort.Data[float32](out[0]))
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		empty()
	}
	if !slices.Equal(results[0], results[1]) {
		t.Errorf("through files %v, from memory %v", results[1], results[0])
	}

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := ort.ThroughFiles(ctx, m, o); !errors.Is(err, context.Canceled) {
		t.Errorf("broken off: error %v", err)
	}
	empty()
	if _, err := ort.ThroughFiles(t.Context(), m, ort.SessionOptions{Scratch: dir, Threads: -1}); err == nil {
		t.Error("bad options: no error")
	}
	empty()
	o.Scratch = dir + "/gone"
	if _, err := ort.ThroughFiles(t.Context(), m, o); err == nil || !strings.Contains(err.Error(), "make a folder for the model") {
		t.Errorf("no folder: error %v", err)
	}
}
