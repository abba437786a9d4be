package ort_test

import (
	"context"
	"errors"
	"testing"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/ort"
	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
)

// A run that asks for more memory than any machine has says so.
func TestOutOfMemory(t *testing.T) {
	t.Parallel()
	orttest.Need(t)
	m := onnxio.New("big")
	m.SetOpset("", 17)
	p := m.Graph.Edit()
	p.SetInputType("x", onnxio.Type{Elem: onnxio.Float32, Shape: onnxio.ShapeOf(1, 1)})
	p.SetInitializer(onnxio.NewTensor("size", []int64{2}, []int64{1, 1 << 44}))
	p.Add(onnxio.NodeSpec{Op: "Expand", Name: "blow up", Inputs: []string{"x", "size"}, Outputs: []string{"y"}})
	p.Add(onnxio.NodeSpec{Op: "ReduceSum", Inputs: []string{"y"}, Outputs: []string{"z"}})
	p.SetOutputType("z", onnxio.Type{Elem: onnxio.Float32, Shape: onnxio.ShapeOf(1, 1)})
	if err := p.Apply(); err != nil {
		t.Fatal(err)
	}
	b, err := m.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	s, err := ort.NewSession(b, ort.SessionOptions{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	x, err := ort.Zeros(onnxio.Float32, 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	err = s.Run(context.Background(), []*ort.Tensor{x}, make([]*ort.Tensor, 1))
	var e *ort.MemoryError
	if !errors.As(err, &e) || e.Node != "blow up" || e.Bytes < 1<<46 {
		t.Fatalf("error %v (%+v), want a MemoryError", err, e)
	}
	want := `run session: out of memory: the runtime could not get 65536.0 GiB in one piece for node "blow up"`
	if err.Error() != want {
		t.Errorf("error %q, want %q", err, want)
	}
}
