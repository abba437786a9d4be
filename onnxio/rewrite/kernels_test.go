package rewrite_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/prunefuse/prunefuse/models"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
	"github.com/prunefuse/prunefuse/onnxio/ort"
	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
	"github.com/prunefuse/prunefuse/onnxio/rewrite"
)

// differentiated is a network in training form with its gradients by all
// weights, written with kernels.
func differentiated(t *testing.T, arch string) (*onnxio.Model, map[string]onnxio.Type) {
	t.Helper()
	m, err := models.Build(arch, models.Options{Width: 0.25, Input: [3]int{3, 8, 8}, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	in, out := m.Graph.Inputs()[0], m.Graph.Outputs()[0]
	in.Type.Shape = onnxio.ShapeOf(4, 3, 8, 8)
	facts, err := op.InferGraph(m, op.InferOptions{Inputs: map[string]onnxio.Shape{in.Name: in.Type.Shape}})
	if err != nil {
		t.Fatal(err)
	}
	w := onnxio.New(arch)
	for _, domain := range []string{op.Microsoft, op.Native} {
		w.SetOpset(domain, 1)
	}
	p := w.Graph.Edit()
	p.SetInputType(in.Name, in.Type)
	p.SetInputType("seed", facts.Types[out.Name])
	var wrt []string
	for _, c := range m.Graph.Initializers() {
		p.SetInitializer(c)
		wrt = append(wrt, c.Name())
	}
	e := op.NewEmit(p, m.Opset(""), "g.")
	e.Kernels = true
	d := op.NewDerivative(e, facts, m.Graph)
	training, err := d.Forward()
	if err != nil {
		t.Fatal(err)
	}
	grads, err := d.Backward(map[string]string{out.Name: "seed"}, wrt)
	if err != nil {
		t.Fatal(err)
	}
	p.SetOutputType(out.Name, facts.Types[out.Name])
	for _, name := range wrt {
		if v := grads[name]; v != "" {
			p.SetOutputType(v, onnxio.Type{Elem: onnxio.Float32})
		}
		if v := training.Update[name]; v != "" {
			p.SetOutputType(v, onnxio.Type{Elem: onnxio.Float32})
		}
	}
	if err := p.Apply(); err != nil {
		t.Fatal(err)
	}
	return w, facts.Types
}

func TestFuseKernels(t *testing.T) {
	t.Parallel()
	orttest.Need(t)
	if !ort.Kernels(ort.CPU) {
		t.Skip("no kernels without cgo")
	}
	for arch, left := range map[string]map[string]int{
		// Every Add but that of the classifier's bias and every Relu belongs to a norm.
		"resnet8": {"Relu": 0, "ReluGrad": 0, "Sum": 0, "Add": 0},
		// Here a norm and its Relu stand before the convolutions, and sums behind them.
		"preresnet8": {"Relu": 0, "ReluGrad": 0},
		// No norm: nothing to fuse.
		"mlp": {"Relu": 2, "ReluGrad": 2},
	} {
		t.Run(arch, func(t *testing.T) {
			m, types := differentiated(t, arch)
			fused, err := rewrite.FuseKernels(m, types)
			if err != nil {
				t.Fatal(err)
			}
			count := map[string]int{}
			for _, n := range fused.Graph.Nodes() {
				count[n.Op()]++
			}
			for name, want := range left {
				if count[name] != want {
					t.Errorf("%d %s are left, want %d", count[name], name, want)
				}
			}
			x, y := outputs(t, m), outputs(t, fused)
			for i, v := range m.Graph.Outputs() {
				if !slices.Equal(x[i], y[i]) {
					t.Errorf("%s differs", v.Name)
				}
			}
		})
	}
}

// outputs runs a model on normal numbers.
func outputs(t *testing.T, m *onnxio.Model) [][]float32 {
	t.Helper()
	s, err := ort.SessionOf(t.Context(), m, ort.SessionOptions{Threads: 1, Optimization: ort.OptimizeNone})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	rng := rand.New(rand.NewPCG(1, 2))
	var in []*ort.Tensor
	for _, v := range s.Inputs() {
		dims, _ := v.Shape.Ints()
		x, err := ort.Zeros(v.Elem, dims...)
		if err != nil {
			t.Fatal(err)
		}
		for i := range ort.Data[float32](x) {
			ort.Data[float32](x)[i] = float32(rng.NormFloat64())
		}
		in = append(in, x)
	}
	out := make([]*ort.Tensor, len(s.Outputs()))
	if err := s.Run(t.Context(), in, out); err != nil {
		t.Fatal(err)
	}
	var values [][]float32
	for _, y := range out {
		values = append(values, ort.Data[float32](y))
	}
	return values
}
