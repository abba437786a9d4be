package fusion_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/prunefuse/prunefuse/fusion"
	"github.com/prunefuse/prunefuse/models/modeltest"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/pruning"
)

var (
	build   = modeltest.Build
	trained = modeltest.Wild // stands for training: every weight gets another value
	set     = modeltest.With
)

// prune cuts a model by a random selection.
func prune(t testing.TB, m *onnxio.Model, seed uint64) *onnxio.Model {
	t.Helper()
	a, err := pruning.Analyze(m, pruning.Options{})
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(seed, 0))
	sel := make(pruning.Selection, len(a.Groups))
	for i, g := range a.Groups {
		for k := range g.Size {
			if rng.IntN(2) == 0 {
				sel[i] = append(sel[i], k)
			}
		}
		if sel[i] == nil {
			sel[i] = []int{rng.IntN(g.Size)}
		}
	}
	out, _, err := a.Apply(sel, "dense.onnx")
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func fuse(t testing.TB, dense, selector *onnxio.Model, o fusion.Options) *onnxio.Model {
	t.Helper()
	m, err := fusion.Fuse(dense, selector, o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// viaFile saves a model and loads it again.
func viaFile(t testing.TB, dir, name string, m *onnxio.Model) *onnxio.Model {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := m.Save(path, onnxio.SaveOptions{}); err != nil {
		t.Fatal(err)
	}
	out, err := onnxio.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func bytesOf(t testing.TB, w *onnxio.Tensor) []byte {
	t.Helper()
	b, err := w.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func floats(t testing.TB, w *onnxio.Tensor) []float32 {
	t.Helper()
	v, err := w.Floats()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// randomNet is a small classifier of random wiring. One bias is shared by two
// layers that lose different channels, and one kernel lies in a Constant.
func randomNet(t testing.TB, seed uint64) *onnxio.Model {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 2))
	m := onnxio.New("net")
	p := m.Graph.Edit()
	weight := func(name string, dims ...int64) *onnxio.Tensor {
		n := int64(1)
		for _, d := range dims {
			n *= d
		}
		v := make([]float32, n)
		for i := range v {
			v[i] = float32(rng.NormFloat64())
		}
		return onnxio.NewTensor(name, dims, v)
	}
	node := func(op, out string, in []string, attrs ...onnxio.Attr) string {
		p.Add(onnxio.NodeSpec{Op: op, Inputs: in, Outputs: []string{out}, Attrs: attrs})
		return out
	}
	conv := func(out, x string, from, to, group int64, bias ...string) string {
		w := weight(out+".w", to, from/group, 3, 3)
		if rng.IntN(4) == 0 {
			node("Constant", w.Name(), nil, onnxio.TensorValue("value", w))
		} else {
			p.SetInitializer(w)
		}
		return node("Conv", out, append([]string{x, out + ".w"}, bias...), onnxio.Ints("pads", 1, 1, 1, 1), onnxio.Int("group", group))
	}
	bn := func(out, x string, n int64) string {
		in := []string{x}
		for _, s := range []string{".scale", ".shift", ".mean", ".var"} {
			p.SetInitializer(weight(out+s, n))
			in = append(in, out+s)
		}
		return node("BatchNormalization", out, in)
	}
	const c = 6
	p.SetInputType("x", onnxio.Type{Elem: onnxio.Float32, Shape: onnxio.Shape{onnxio.Symbol("N"), onnxio.Known(2), onnxio.Known(4), onnxio.Known(3)}})
	p.SetInitializer(weight("bias", c))
	x := conv("stem", "x", 2, c, 1, "bias")
	streams := []string{x}
	for i := range 5 {
		out := fmt.Sprint("v", i)
		switch rng.IntN(5) {
		case 0:
			x = bn(out, x, c)
		case 1:
			x = node("Relu", out, []string{x})
		case 2:
			x = conv(out, x, c, c, c)
		case 3:
			x = conv(out, x, c, c, 1, "bias")
		case 4:
			x = node("Add", out, []string{x, streams[rng.IntN(len(streams))]})
		}
		streams = append(streams, x)
	}
	x = conv("last", x, c, c, 1, "bias")
	x = node("Flatten", "flat", []string{x})
	p.SetInitializer(weight("fc.w", 3, c*12))
	p.SetInitializer(weight("fc.b", 3))
	node("Gemm", "logits", []string{x, "fc.w", "fc.b"}, onnxio.Int("transB", 1))
	p.SetOutputType("logits", onnxio.Type{Elem: onnxio.Float32, Shape: onnxio.Shape{onnxio.Symbol("N"), onnxio.Known(3)}})
	if err := p.Apply(); err != nil {
		t.Fatal(err)
	}
	return m
}
