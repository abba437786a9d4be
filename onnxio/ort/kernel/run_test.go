//go:build cgo

package kernel_test

import (
	"math"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/ort"
	"github.com/prunefuse/prunefuse/onnxio/ort/kernel"
	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
)

type array struct {
	shape []int64
	data  []float32
}

// normal returns an array of standard normal numbers.
func normal(rng *rand.Rand, shape ...int64) array {
	a := array{shape, nil}
	n := int64(1)
	for _, d := range shape {
		n *= d
	}
	for range n {
		a.data = append(a.data, float32(rng.NormFloat64()))
	}
	return a
}

// compute runs nodes, whose inputs "0", "1", … are the arrays given, and
// returns the values named in outs.
func compute(t *testing.T, threads int, nodes []onnxio.NodeSpec, outs []string, in ...array) []array {
	t.Helper()
	got, err := tryCompute(t, threads, nodes, outs, in...)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func tryCompute(t *testing.T, threads int, nodes []onnxio.NodeSpec, outs []string, in ...array) ([]array, error) {
	t.Helper()
	orttest.Need(t)
	m := onnxio.New("kernel")
	m.SetOpset(kernel.Domain, 1)
	m.SetOpset("com.microsoft", 1)
	p := m.Graph.Edit()
	var feeds []*ort.Tensor
	for i, a := range in {
		p.SetInputType(strconv.Itoa(i), onnxio.Type{Elem: onnxio.Float32, Shape: onnxio.ShapeOf(a.shape...)})
		x, err := ort.NewTensor(a.shape, a.data)
		if err != nil {
			t.Fatal(err)
		}
		feeds = append(feeds, x)
	}
	for _, n := range nodes {
		p.Add(n)
	}
	for _, name := range outs {
		p.SetOutputType(name, onnxio.Type{Elem: onnxio.Float32})
	}
	if err := p.Apply(); err != nil {
		t.Fatal(err)
	}
	s, err := ort.SessionOf(t.Context(), m, ort.SessionOptions{Threads: threads})
	if err != nil {
		return nil, err
	}
	defer s.Close()
	results := make([]*ort.Tensor, len(outs))
	if err := s.Run(t.Context(), feeds, results); err != nil {
		return nil, err
	}
	var got []array
	for _, r := range results {
		got = append(got, array{r.Shape(), ort.Data[float32](r)})
	}
	return got, nil
}

// eachLevel runs a test with every instruction set that the processor has.
func eachLevel(t *testing.T, test func(t *testing.T)) {
	defer limit(t, "avx512")
	for _, level := range []string{"base", "avx2", "avx512"} {
		limit(t, level)
		if kernel.Level() == level {
			t.Run(level, test)
		}
	}
}

func limit(t *testing.T, level string) {
	if err := kernel.LimitLevel(level); err != nil {
		t.Fatal(err)
	}
}

// near compares with an error that is relative to the largest number wanted.
func near(t *testing.T, what string, got, want array, tolerance float64) {
	t.Helper()
	if len(got.data) != len(want.data) {
		t.Fatalf("%s: %v, want %v", what, got.shape, want.shape)
	}
	scale := 1e-30
	for _, w := range want.data {
		scale = max(scale, math.Abs(float64(w)))
	}
	for i, w := range want.data {
		if diff := math.Abs(float64(got.data[i]) - float64(w)); !(diff <= tolerance*scale) {
			t.Fatalf("%s: element %d of %v is %v, want %v within %v", what, i, got.shape, got.data[i], w, tolerance*scale)
		}
	}
}
