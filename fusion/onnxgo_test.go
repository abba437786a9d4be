package fusion_test

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	onnxgo "github.com/owulveryck/onnx-go"
	"github.com/owulveryck/onnx-go/backend/x/gorgonnx"
	"gorgonia.org/tensor"

	"github.com/prunefuse/prunefuse/fusion"
	_ "github.com/prunefuse/prunefuse/internal/nomovinggc"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/ort"
	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
	"github.com/prunefuse/prunefuse/pruning"
)

// leNet is LeCun's network with ReLU, in the forms that onnx-go reads: a
// batch of one, opset 8, and every attribute spelled out.
func leNet(t *testing.T, seed uint64) *onnxio.Model {
	t.Helper()
	m := onnxio.New("lenet")
	m.SetOpset("", 8)
	p := m.Graph.Edit()
	rng := rand.New(rand.NewPCG(seed, 0))
	weight := func(name string, dims ...int64) string {
		n := int64(1)
		for _, d := range dims {
			n *= d
		}
		v := make([]float32, n)
		for i := range v {
			v[i] = float32(rng.NormFloat64() / math.Sqrt(float64(n/dims[0])))
		}
		p.SetInitializer(onnxio.NewTensor(name, dims, v))
		return name
	}
	node := func(op, out string, in []string, attrs ...onnxio.Attr) string {
		p.Add(onnxio.NodeSpec{Op: op, Inputs: in, Outputs: []string{out}, Attrs: attrs})
		return out
	}
	pair := func(name string, v int64) onnxio.Attr { return onnxio.Ints(name, v, v) }
	conv := func(out, x string, from, to, pad int64) string {
		y := node("Conv", out, []string{x, weight(out+".weight", to, from, 5, 5), weight(out+".bias", to)},
			pair("kernel_shape", 5), pair("strides", 1), pair("dilations", 1), onnxio.Ints("pads", pad, pad, pad, pad))
		y = node("Relu", out+".relu", []string{y})
		return node("MaxPool", out+".pool", []string{y}, pair("kernel_shape", 2), pair("strides", 2), onnxio.Ints("pads", 0, 0, 0, 0))
	}
	linear := func(out, x string, from, to int64) string {
		return node("Gemm", out, []string{x, weight(out+".weight", to, from), weight(out+".bias", to)}, onnxio.Int("transB", 1))
	}
	p.SetInputType("image", onnxio.Type{Elem: onnxio.Float32, Shape: onnxio.ShapeOf(1, 1, 28, 28)})
	x := conv("conv1", "image", 1, 6, 2)
	x = conv("conv2", x, 6, 16, 0)
	p.SetInitializer(onnxio.NewTensor("flat.shape", []int64{2}, []int64{1, 400}))
	x = node("Reshape", "flat", []string{x, "flat.shape"})
	x = node("Relu", "relu1", []string{linear("fc1", x, 400, 120)})
	x = node("Relu", "relu2", []string{linear("fc2", x, 120, 84)})
	linear("logits", x, 84, 10)
	p.SetOutputType("logits", onnxio.Type{Elem: onnxio.Float32, Shape: onnxio.ShapeOf(1, 10)})
	if err := p.Apply(); err != nil {
		t.Fatal(err)
	}
	return m
}

// TestOnnxGoAgrees writes a dense, a pruned and a fused network, has onnx-go
// decode and run the bytes, and compares with ONNX Runtime.
func TestOnnxGoAgrees(t *testing.T) {
	orttest.Need(t)
	dense := leNet(t, 1)
	r, err := pruning.Prune(dense, pruning.Config{Ratio: 0.5})
	if err != nil {
		t.Fatal(err)
	}
	fused, err := fusion.Fuse(dense, r.Model, fusion.Options{Rest: fusion.Preserve})
	if err != nil {
		t.Fatal(err)
	}
	image := make([]float32, 28*28)
	rng := rand.New(rand.NewPCG(7, 7))
	for i := range image {
		image[i] = rng.Float32()
	}
	var all [][]float32
	for name, m := range map[string]*onnxio.Model{"dense": dense, "pruned": r.Model, "fused": fused} {
		b, err := m.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		want, got := onnxRuntime(t, b, image), onnxGo(t, b, image)
		for i := range want {
			if math.Abs(float64(got[i]-want[i])) > 1e-5 || want[i] == 0 {
				t.Errorf("%s: logits\n%v by onnx-go\n%v by ONNX Runtime", name, got, want)
				break
			}
		}
		all = append(all, want)
	}
	if slices.Equal(all[0], all[1]) && slices.Equal(all[1], all[2]) {
		t.Error("three networks have the same logits")
	}
}

func onnxGo(t *testing.T, model []byte, image []float32) []float32 {
	t.Helper()
	backend := gorgonnx.NewGraph()
	m := onnxgo.NewModel(backend)
	if err := m.UnmarshalBinary(model); err != nil {
		t.Fatal(err)
	}
	if err := m.SetInput(0, tensor.New(tensor.WithShape(1, 1, 28, 28), tensor.WithBacking(slices.Clone(image)))); err != nil {
		t.Fatal(err)
	}
	if err := backend.Run(); err != nil {
		t.Fatal(err)
	}
	out, err := m.GetOutputTensors()
	if err != nil {
		t.Fatal(err)
	}
	return out[0].Data().([]float32)
}

func onnxRuntime(t *testing.T, model []byte, image []float32) []float32 {
	t.Helper()
	s, err := ort.NewSession(model, ort.SessionOptions{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	x, err := ort.NewTensor([]int64{1, 1, 28, 28}, image)
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	out := []*ort.Tensor{nil}
	if err := s.Run(context.Background(), []*ort.Tensor{x}, out); err != nil {
		t.Fatal(err)
	}
	defer out[0].Close()
	return slices.Clone(ort.Data[float32](out[0]))
}
