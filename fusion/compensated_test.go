package fusion_test

import (
	"context"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/prunefuse/prunefuse/fusion"
	"github.com/prunefuse/prunefuse/models"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/ort"
	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
	"github.com/prunefuse/prunefuse/pruning"
)

// compensated prunes a model by half and makes up for the constant part, as
// its normalisations tell it.
func compensated(t testing.TB, m *onnxio.Model) (*onnxio.Model, *pruning.Compensation) {
	t.Helper()
	one := ort.SessionOptions{Threads: 1}
	r, err := pruning.Prune(m, pruning.Config{Ratio: 0.5, ParentName: "dense.onnx"})
	if err != nil {
		t.Fatal(err)
	}
	means, err := r.Analysis.ExpectedMeans(context.Background(), 1, one)
	if err != nil {
		t.Fatal(err)
	}
	c, err := r.Compensate(context.Background(), means, one)
	if err != nil {
		t.Fatal(err)
	}
	return r.Model, c
}

// projections is a network in which biases have to be added in all ways: to a
// convolution, behind a product of matrices, and in the place of a shared one.
func projections(t testing.TB) *onnxio.Model {
	t.Helper()
	m := onnxio.New("projections")
	p := m.Graph.Edit()
	rng := rand.New(rand.NewPCG(4, 4))
	weight := func(name string, dims ...int64) string {
		n := int64(1)
		for _, d := range dims {
			n *= d
		}
		v := make([]float32, n)
		for i := range v {
			v[i] = 0.2 + rng.Float32()
		}
		p.SetInitializer(onnxio.NewTensor(name, dims, v))
		return name
	}
	node := func(op, out string, in []string, attrs ...onnxio.Attr) string {
		p.Add(onnxio.NodeSpec{Op: op, Name: out, Inputs: in, Outputs: []string{out}, Attrs: attrs})
		return out
	}
	p.SetInputType("x", onnxio.Type{Elem: onnxio.Float32, Shape: onnxio.Shape{onnxio.Symbol("N"), onnxio.Known(3), onnxio.Known(4), onnxio.Known(4)}})
	c := node("Conv", "c", []string{"x", weight("c.w", 8, 3, 1, 1)})
	n := node("BatchNormalization", "n", []string{c, weight("n.scale", 8), weight("n.shift", 8), weight("n.mean", 8), weight("n.var", 8)})
	h := node("Relu", "h", []string{n})
	shared := weight("shared", 6)
	d := node("Conv", "d", []string{h, weight("d.w", 6, 8, 1, 1), shared})
	e := node("Conv", "e", []string{h, weight("e.w", 6, 8, 1, 1), shared})
	f := node("Conv", "f", []string{h, weight("f.w", 6, 8, 1, 1)})
	s := node("Sum", "s", []string{d, e, f})
	k := node("BatchNormalization", "k", []string{s, weight("k.scale", 6), weight("k.shift", 6), weight("k.mean", 6), weight("k.var", 6)})
	q := node("Flatten", "q", []string{node("GlobalAveragePool", "g", []string{k})})
	y := node("MatMul", "y", []string{q, weight("y.w", 6, 3)})
	p.SetOutputType(y, onnxio.Type{Elem: onnxio.Float32, Shape: onnxio.Shape{onnxio.Symbol("N"), onnxio.Known(3)}})
	if err := p.Apply(); err != nil {
		t.Fatal(err)
	}
	return m
}

// TestFuseCompensated: biases that compensation changed or added come back
// into the dense network, bit for bit, also after training.
func TestFuseCompensated(t *testing.T) {
	t.Parallel()
	orttest.Need(t)
	for name, c := range map[string]struct {
		dense *onnxio.Model
		added int
	}{
		"preresnet20": {trained(t, build(t, "preresnet20", models.Options{Width: 0.5}), 1), 11},
		"resnet20":    {trained(t, build(t, "resnet20", models.Options{Width: 0.5}), 1), 0},
		"projections": {projections(t), 4},
	} {
		t.Run(name, func(t *testing.T) {
			dense := viaFile(t, t.TempDir(), "dense.onnx", c.dense)
			pruned, did := compensated(t, dense)
			if len(did.Added) != c.added || len(did.Left) > 0 {
				t.Fatalf("%+v, want %d biases added", did, c.added)
			}
			for _, selector := range []*onnxio.Model{pruned, trained(t, pruned, 2)} {
				selector = viaFile(t, t.TempDir(), "selector.onnx", selector)
				for _, rest := range fusion.Rests {
					fused := viaFile(t, t.TempDir(), "fused.onnx", fuse(t, dense, selector, fusion.Options{Rest: rest, Seed: 3}))
					wantSelectorIn(t, fused, selector)
					if rest == fusion.Preserve {
						wantSameLogits(t, fused, selector)
					}
				}
			}
		})
	}
}

// TestCheckFuseAgreesCompensated: so finds a reader that shares no code with
// ours.
func TestCheckFuseAgreesCompensated(t *testing.T) {
	t.Parallel()
	orttest.Need(t)
	check := pythonTool(t, "check_fuse.py")
	for name, dense := range map[string]*onnxio.Model{
		"preresnet20": trained(t, build(t, "preresnet20", models.Options{Width: 0.5}), 1),
		"projections": projections(t),
	} {
		dir := t.TempDir()
		dense = viaFile(t, dir, "dense.onnx", dense)
		pruned, _ := compensated(t, dense)
		selector := viaFile(t, dir, "selector.onnx", trained(t, pruned, 2))
		viaFile(t, dir, "fused.onnx", fuse(t, dense, selector, fusion.Options{}))
		if out, err := check(filepath.Join(dir, "dense.onnx"), filepath.Join(dir, "selector.onnx"), filepath.Join(dir, "fused.onnx")); err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}
