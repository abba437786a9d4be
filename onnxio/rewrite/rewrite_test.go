package rewrite_test

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/prunefuse/prunefuse/models"
	"github.com/prunefuse/prunefuse/models/modeltest"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/onnxpb"
	"github.com/prunefuse/prunefuse/onnxio/ort"
	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
	"github.com/prunefuse/prunefuse/onnxio/rewrite"
)

var build = modeltest.Build

// wild gives every weight a random value, running statistics too.
func wild(t *testing.T, m *onnxio.Model) *onnxio.Model { return modeltest.Wild(t, m, 1) }

// run feeds a model with one float input some noise.
func run(t *testing.T, m *onnxio.Model, batch int64) []float32 {
	t.Helper()
	return runAt(t, m, batch, ort.SessionOptions{Threads: 1})
}

func runAt(t *testing.T, m *onnxio.Model, batch int64, o ort.SessionOptions) []float32 {
	t.Helper()
	orttest.Need(t)
	b, err := m.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	s, err := ort.NewSession(b, o)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	shape := []int64{}
	n := int64(1)
	for _, d := range m.Graph.Inputs()[0].Type.Shape {
		shape = append(shape, d.Or(batch))
		n *= d.Or(batch)
	}
	rng := rand.New(rand.NewPCG(2, 2))
	v := make([]float32, n)
	for i := range v {
		v[i] = float32(rng.NormFloat64())
	}
	x, err := ort.NewTensor(shape, v)
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	out := make([]*ort.Tensor, len(s.Outputs()))
	if err := s.Run(context.Background(), []*ort.Tensor{x}, out); err != nil {
		t.Fatal(err)
	}
	var all []float32
	for _, o := range out {
		all = append(all, ort.Data[float32](o)...)
		o.Close()
	}
	return all
}

// wantSame compares two models' outputs on the same noise.
func wantSame(t *testing.T, a, b *onnxio.Model) {
	t.Helper()
	x, y := run(t, a, 2), run(t, b, 2)
	if len(x) != len(y) {
		t.Fatalf("%d outputs against %d", len(x), len(y))
	}
	var diff, scale float64
	for i := range x {
		diff = max(diff, math.Abs(float64(x[i])-float64(y[i])))
		scale = max(scale, math.Abs(float64(x[i])))
	}
	if !(diff <= 1e-4*scale) || scale == 0 {
		t.Errorf("outputs up to %g differ by %g", scale, diff)
	}
}

func count(m *onnxio.Model, op string) (n int) {
	for _, node := range m.Graph.Nodes() {
		if node.Op() == op {
			n++
		}
	}
	return n
}

func fold(t *testing.T, m *onnxio.Model) (*onnxio.Model, []rewrite.Folded) {
	t.Helper()
	b, err := m.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	out, folded, err := rewrite.FoldBatchNorm(m)
	if err != nil {
		t.Fatal(err)
	}
	if after, err := m.Marshal(); err != nil || !slices.Equal(after, b) {
		t.Error("the original changed")
	}
	return out, folded
}

func TestFoldZoo(t *testing.T) {
	for arch, stay := range map[string]int{
		"resnet20": 0, "vgg11-bn": 0, "mobilenetv2-cifar": 0, "resnet50-cifar": 0,
		"preresnet20": 10, // before the first convolution of a block, and at the end
	} {
		t.Run(arch, func(t *testing.T) {
			t.Parallel()
			m := wild(t, build(t, arch, models.Options{Width: 0.25, Input: [3]int{3, 32, 32}}))
			out, folded := fold(t, m)
			if got := count(out, "BatchNormalization"); got != stay || len(folded) != count(m, "BatchNormalization")-stay {
				t.Errorf("%d BatchNormalizations stay and %d are folded, want %d to stay", got, len(folded), stay)
			}
			wantSame(t, m, out)
			for _, f := range folded {
				if m.Graph.Initializer(f.Source) == nil || out.Graph.Initializer(f.Weight) == nil || out.Graph.Initializer(f.Bias) == nil {
					t.Errorf("%+v names what is not there", f)
				}
			}
		})
	}
}

// layer builds a graph of one input [N,4,…] and one BatchNormalization.
type layer struct {
	t *testing.T
	m *onnxio.Model
	p *onnxio.Patch
}

func newLayer(t *testing.T, dims ...int64) *layer {
	m := onnxio.New("layer")
	b := &layer{t, m, m.Graph.Edit()}
	s := onnxio.Shape{onnxio.Symbol("N")}
	b.p.SetInputType("x", onnxio.Type{Elem: onnxio.Float32, Shape: append(s, onnxio.ShapeOf(dims...)...)})
	return b
}

func (b *layer) weight(name string, dims ...int64) string {
	n := int64(1)
	for _, d := range dims {
		n *= d
	}
	v := make([]float32, n)
	for i := range v {
		v[i] = 0.3 + 0.7*float32(math.Sin(float64(i+len(name))))*float32(math.Sin(float64(3*i)))
	}
	b.p.SetInitializer(onnxio.NewTensor(name, dims, v))
	return name
}

func (b *layer) node(op, out string, in []string, attrs ...onnxio.Attr) {
	b.p.Add(onnxio.NodeSpec{Op: op, Inputs: in, Outputs: []string{out}, Attrs: attrs})
}

func (b *layer) bn(out, x string, n int64, attrs ...onnxio.Attr) {
	v := make([]float32, n)
	for i := range v {
		v[i] = 0.5 + float32(i)/4
	}
	b.p.SetInitializer(onnxio.NewTensor(out+".var", []int64{n}, v))
	b.node("BatchNormalization", out, []string{x, b.weight(out+".s", n), b.weight(out+".shift", n), b.weight(out+".m", n), out + ".var"}, attrs...)
}

func (b *layer) model(outputs ...string) *onnxio.Model {
	b.t.Helper()
	for _, o := range outputs {
		b.p.SetOutputType(o, onnxio.Type{Elem: onnxio.Float32})
	}
	if err := b.p.Apply(); err != nil {
		b.t.Fatal(err)
	}
	return b.m
}

func TestFoldLayers(t *testing.T) {
	for _, tc := range []struct {
		name  string
		dims  []int64
		build func(b *layer) // from x of 4 channels to y
		folds int
	}{
		{"conv", []int64{4, 3, 3}, func(b *layer) {
			b.node("Conv", "c", []string{"x", b.weight("w", 6, 4, 2, 2)})
			b.bn("y", "c", 6, onnxio.Float("epsilon", 0.1))
		}, 1},
		{"conv with bias", []int64{4, 3, 3}, func(b *layer) {
			b.node("Conv", "c", []string{"x", b.weight("w", 6, 4, 2, 2), b.weight("bias", 6)})
			b.bn("y", "c", 6)
		}, 1},
		{"grouped conv", []int64{4, 3, 3}, func(b *layer) {
			b.node("Conv", "c", []string{"x", b.weight("w", 8, 1, 2, 2)}, onnxio.Int("group", 4))
			b.bn("y", "c", 8)
		}, 1},
		{"gemm", []int64{4}, func(b *layer) {
			b.node("Gemm", "c", []string{"x", b.weight("w", 4, 6)})
			b.bn("y", "c", 6)
		}, 1},
		{"gemm of everything", []int64{4}, func(b *layer) {
			b.node("Gemm", "c", []string{"x", b.weight("w", 6, 4), b.weight("bias", 1, 6)},
				onnxio.Int("transB", 1), onnxio.Float("alpha", 0.5), onnxio.Float("beta", 3))
			b.bn("y", "c", 6)
		}, 1},
		{"square gemm", []int64{4}, func(b *layer) {
			b.node("Gemm", "c", []string{"x", b.weight("w", 4, 4)}, onnxio.Int("transB", 1))
			b.bn("y", "c", 4)
		}, 1},
		{"two in a row", []int64{4, 3, 3}, func(b *layer) {
			b.node("Conv", "c", []string{"x", b.weight("w", 6, 4, 1, 1)})
			b.bn("n", "c", 6)
			b.bn("y", "n", 6)
		}, 1},
		{"weight behind an alias", []int64{4, 3, 3}, func(b *layer) {
			b.node("Identity", "v", []string{b.weight("w", 6, 4, 1, 1)})
			b.node("Conv", "c", []string{"x", "v"})
			b.bn("y", "c", 6)
		}, 1},
		{"one channel", []int64{4}, func(b *layer) {
			b.node("Gemm", "c", []string{"x", b.weight("w", 4, 1), b.weight("bias")})
			b.bn("y", "c", 1)
		}, 0},
		{"gemm with a column", []int64{4}, func(b *layer) {
			b.node("Gemm", "c", []string{"x", b.weight("w", 4, 6), b.weight("bias", 1)})
			b.bn("y", "c", 6)
		}, 0},
		{"gemm with a column of as many", []int64{4}, func(b *layer) {
			b.p.SetInputType("x", onnxio.Type{Elem: onnxio.Float32, Shape: onnxio.ShapeOf(6, 4)})
			b.node("Gemm", "c", []string{"x", b.weight("w", 4, 6), b.weight("bias", 6, 1)})
			b.bn("y", "c", 6)
		}, 0},
		{"read twice", []int64{4, 3, 3}, func(b *layer) {
			b.node("Conv", "c", []string{"x", b.weight("w", 6, 4, 1, 1)})
			b.bn("n", "c", 6)
			b.node("Add", "y", []string{"n", "c"})
		}, 0},
		{"weight shared", []int64{4, 3, 3}, func(b *layer) {
			b.node("Conv", "c", []string{"x", b.weight("w", 4, 4, 1, 1)})
			b.bn("n", "c", 4)
			b.node("Conv", "d", []string{"n", "w"})
			b.bn("y", "d", 4)
		}, 0},
		{"before an activation", []int64{4, 3, 3}, func(b *layer) {
			b.node("Conv", "c", []string{"x", b.weight("w", 6, 4, 1, 1)})
			b.node("Relu", "r", []string{"c"})
			b.bn("y", "r", 6)
		}, 0},
		{"of the input", []int64{4, 3, 3}, func(b *layer) { b.bn("y", "x", 4) }, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			b := newLayer(t, tc.dims...)
			tc.build(b)
			m := b.model("y")
			out, folded := fold(t, m)
			if len(folded) != tc.folds {
				t.Errorf("%d folded, want %d", len(folded), tc.folds)
			}
			wantSame(t, m, out)
		})
	}
	t.Run("an output in between", func(t *testing.T) {
		t.Parallel()
		b := newLayer(t, 4, 3, 3)
		b.node("Conv", "c", []string{"x", b.weight("w", 6, 4, 1, 1)})
		b.bn("y", "c", 6)
		if _, folded := fold(t, b.model("y", "c")); len(folded) != 0 {
			t.Errorf("%+v", folded)
		}
	})
	t.Run("old format", func(t *testing.T) {
		t.Parallel()
		b := newLayer(t, 4, 3, 3)
		b.node("Conv", "c", []string{"x", b.weight("w", 6, 4, 1, 1)})
		b.bn("y", "c", 6)
		b.p.SetInputType("w", onnxio.Type{Elem: onnxio.Float32, Shape: onnxio.ShapeOf(6, 4, 1, 1)})
		m := b.model("y")
		m.SetOpset("", 9)
		pb := &onnxpb.ModelProto{}
		raw, err := m.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		if err := proto.Unmarshal(raw, pb); err != nil {
			t.Fatal(err)
		}
		pb.IrVersion = proto.Int64(3)
		if raw, err = proto.Marshal(pb); err != nil {
			t.Fatal(err)
		}
		if m, err = onnxio.Parse(raw, ""); err != nil {
			t.Fatal(err)
		}
		out, folded := fold(t, m)
		if raw, err = out.Marshal(); err != nil {
			t.Fatal(err)
		}
		if err := proto.Unmarshal(raw, pb); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{folded[0].Weight, folded[0].Bias} {
			if !slices.ContainsFunc(pb.GetGraph().GetInput(), func(v *onnxpb.ValueInfoProto) bool { return v.GetName() == name }) {
				t.Errorf("initializer %q is no graph input", name)
			}
		}
		wantSame(t, m, out)
	})
}

func TestFoldRefusesMalformed(t *testing.T) {
	t.Parallel()
	// What no runtime accepts must not break the folding either.
	for name, build := range map[string]func(b *layer){
		"short statistics": func(b *layer) {
			b.node("Conv", "c", []string{"x", b.weight("w", 6, 4, 1, 1)})
			b.node("BatchNormalization", "y", []string{"c", b.weight("s", 6), b.weight("b", 6), b.weight("m", 2), b.weight("v", 6)})
		},
		"weight of no rank": func(b *layer) {
			b.node("Conv", "c", []string{"x", b.weight("w")})
			b.bn("y", "c", 1)
		},
		"odd attribute": func(b *layer) {
			b.node("Gemm", "c", []string{"x", b.weight("w", 6, 4)}, onnxio.Int("transB", 2))
			b.bn("y", "c", 9)
		},
		"too few inputs": func(b *layer) {
			b.node("Conv", "c", []string{"x"})
			b.node("BatchNormalization", "y", []string{"c"})
		},
	} {
		b := newLayer(t, 4, 3, 3)
		build(b)
		if _, folded := fold(t, b.model("y")); len(folded) > 0 {
			t.Errorf("%s: folded", name)
		}
	}
}
