package fusion_test

import (
	"context"
	"testing"

	"github.com/prunefuse/prunefuse/fusion"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
	"github.com/prunefuse/prunefuse/pruning"
)

// TestPreserveThroughWeights: the fused network starts out as the pruned one
// where weights are tied by a Transpose, quantised, or read by attention.
func TestPreserveThroughWeights(t *testing.T) {
	t.Parallel()
	orttest.Need(t)
	for name, build := range map[string]func(s *scratch){
		"an embedding that is the classifier, too": func(s *scratch) {
			s.p.SetInputType("x", onnxio.Type{Elem: onnxio.Int64, Shape: onnxio.Shape{onnxio.Symbol("N"), onnxio.Known(5)}})
			s.node("Gather", "e", "E", "x")
			s.node("Transpose", "Et", s.floats("E", 20, 16))
			s.node("Relu", "r", s.node("MatMul", "a", "e", s.floats("w1", 16, 24)))
			s.node("MatMul", "y", s.node("MatMul", "c", "r", s.floats("w2", 24, 16)), "Et")
		},
		"weights of int8 around a zero point": func(s *scratch) {
			s.p.SetInputType("x", onnxio.Type{Elem: onnxio.Float32, Shape: onnxio.Shape{onnxio.Symbol("N"), onnxio.Known(8)}})
			s.p.SetInitializer(onnxio.NewTensor("scale", nil, []float32{0.1}))
			s.p.SetInitializer(onnxio.NewTensor("point", nil, []int8{7}))
			s.node("MatMul", "a", "x", s.node("DequantizeLinear", "d1", s.bytes("w1", 8, 12), "scale", "point"))
			s.node("MatMul", "y", s.node("Relu", "r", "a"), s.node("DequantizeLinear", "d2", s.bytes("w2", 12, 3), "scale", "point"))
		},
		"queries and keys": func(s *scratch) {
			s.p.SetInputType("x", onnxio.Type{Elem: onnxio.Float32, Shape: onnxio.Shape{onnxio.Symbol("N"), onnxio.Known(4), onnxio.Known(6)}})
			q := s.node("Add", "q", s.node("MatMul", "qx", "x", s.floats("wq", 6, 8)), s.floats("bq", 8))
			k := s.node("Add", "k", s.node("MatMul", "kx", "x", s.floats("wk", 6, 8)), s.floats("bk", 8))
			kt := s.node("kTranspose", "kt", k)
			s.node("MatMul", "o", s.node("Softmax", "s", s.node("MatMul", "qk", q, kt)), s.node("MatMul", "v", "x", s.floats("wv", 6, 10)))
			s.node("MatMul", "y", "o", s.floats("wo", 10, 3))
		},
	} {
		s := newScratch(t)
		build(s)
		s.p.SetOutputType("y", onnxio.Type{Elem: onnxio.Float32})
		dense := s.model()
		r, err := pruning.Prune(dense, pruning.Config{Ratio: 0.5})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		fused, err := fusion.Fuse(dense, r.Model, fusion.Options{Rest: fusion.Preserve})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if v, err := pruning.Compare(context.Background(), fused, r.Model, pruning.VerifyOptions{}); err != nil || !v.Equal() {
			t.Errorf("%s: %+v, %v", name, v, err)
		}
	}
}

// scratch builds a small graph.
type scratch struct {
	t *testing.T
	m *onnxio.Model
	p *onnxio.Patch
	n int
}

func newScratch(t *testing.T) *scratch {
	m := onnxio.New("scratch")
	return &scratch{t, m, m.Graph.Edit(), 0}
}

// node adds a node; kTranspose swaps the last two axes of three.
func (s *scratch) node(kind, out string, in ...string) string {
	spec := onnxio.NodeSpec{Op: kind, Name: out, Inputs: in, Outputs: []string{out}}
	switch kind {
	case "kTranspose":
		spec.Op, spec.Attrs = "Transpose", []onnxio.Attr{onnxio.Ints("perm", 0, 2, 1)}
	case "Transpose":
		spec.Attrs = []onnxio.Attr{onnxio.Ints("perm", 1, 0)}
	}
	s.p.Add(spec)
	return out
}

// next is a number between -1 and 1.
func (s *scratch) next() float32 {
	s.n = (s.n*1103515245 + 12345) & 0x7fffffff
	return float32(s.n)/float32(0x3fffffff) - 1
}

func (s *scratch) floats(name string, dims ...int64) string {
	v := make([]float32, onnxio.ShapeOf(dims...).Size().Or(0))
	for i := range v {
		v[i] = s.next()
	}
	s.p.SetInitializer(onnxio.NewTensor(name, dims, v))
	return name
}

func (s *scratch) bytes(name string, dims ...int64) string {
	v := make([]int8, onnxio.ShapeOf(dims...).Size().Or(0))
	for i := range v {
		v[i] = int8(100 * s.next())
	}
	s.p.SetInitializer(onnxio.NewTensor(name, dims, v))
	return name
}

func (s *scratch) model() *onnxio.Model {
	s.t.Helper()
	if err := s.p.Apply(); err != nil {
		s.t.Fatal(err)
	}
	return s.m
}
