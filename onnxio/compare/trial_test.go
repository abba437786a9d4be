package compare_test

import (
	"context"
	"testing"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/compare"
	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
)

// TestBatchFixedInside: a model whose batch is open by its inputs, and fixed by a
// weight, is compared at the batches that it runs at.
func TestBatchFixedInside(t *testing.T) {
	t.Parallel()
	orttest.Need(t)
	build := func(last float32) *onnxio.Model {
		m := onnxio.New("net")
		p := m.Graph.Edit()
		open := onnxio.Type{Elem: onnxio.Float32, Shape: onnxio.Shape{onnxio.Symbol("N"), onnxio.Known(2)}}
		p.SetInputType("x", open)
		p.SetInitializer(onnxio.NewTensor("w", []int64{2, 2}, []float32{1, 2, 3, last}))
		p.Add(onnxio.NodeSpec{Op: "Add", Name: "y", Inputs: []string{"x", "w"}, Outputs: []string{"y"}})
		p.SetOutputType("y", open)
		if err := p.Apply(); err != nil {
			t.Fatal(err)
		}
		return m
	}
	if r, err := compare.Models(context.Background(), build(4), build(4), compare.Options{}); err != nil || !r.Equal() {
		t.Errorf("the same: %+v, %v", r, err)
	}
	if r, err := compare.Models(context.Background(), build(4), build(5), compare.Options{}); err != nil || r.Equal() {
		t.Errorf("another weight: %+v, %v", r, err)
	}
}
