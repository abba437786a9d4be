package rewrite_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/models"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/rewrite"
)

// fixed gives a model a batch of n.
func fixed(t *testing.T, m *onnxio.Model, n int64) *onnxio.Model {
	t.Helper()
	out := m.Clone()
	p := out.Graph.Edit()
	for _, v := range m.Graph.Inputs() {
		v.Type.Shape[0] = onnxio.Known(n)
		p.SetInputType(v.Name, v.Type)
	}
	for _, v := range m.Graph.Outputs() {
		v.Type.Shape[0] = onnxio.Known(n)
		p.SetOutputType(v.Name, v.Type)
	}
	if err := p.Apply(); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestFreeBatch(t *testing.T) {
	for _, arch := range []string{"resnet20", "vgg11-bn", "mobilenetv2-cifar", "lenet", "mlp"} {
		t.Run(arch, func(t *testing.T) {
			t.Parallel()
			m := wild(t, build(t, arch, models.Options{Width: 0.25}))
			for _, n := range []int64{1, 3} {
				out, why, err := rewrite.FreeBatch(fixed(t, m, n))
				if err != nil || why != "" {
					t.Fatalf("a batch of %d: %q, %v", n, why, err)
				}
				in := out.Graph.Inputs()[0].Type.Shape[0]
				if in.IsKnown() || out.Graph.Outputs()[0].Type.Shape[0] != in {
					t.Errorf("batch %v in, %v out", in, out.Graph.Outputs()[0].Type.Shape[0])
				}
				wantSame(t, m, out)
			}
			if out, why, err := rewrite.FreeBatch(m); out != m || why != "" || err != nil {
				t.Errorf("a free batch: %q, %v", why, err)
			}
		})
	}
}

func TestFreeBatchReshape(t *testing.T) {
	for shape, want := range map[[2]int64]bool{{0, -1}: true, {-1, 36}: true, {2, -1}: true, {2, 36}: true, {-1, 12}: false, {1, 72}: false} {
		t.Run(fmt.Sprint(shape), func(t *testing.T) {
			t.Parallel()
			b := newLayer(t, 4, 3, 3)
			b.p.SetInitializer(onnxio.NewTensor("s", []int64{2}, shape[:]))
			b.node("Reshape", "y", []string{"x", "s"})
			b.p.SetInputType("x", onnxio.Type{Elem: onnxio.Float32, Shape: onnxio.ShapeOf(2, 4, 3, 3)})
			m := b.model("y")
			out, why, err := rewrite.FreeBatch(m)
			if freed := out != m; err != nil || freed != want || freed != (why == "") {
				t.Errorf("freed %v, %q, %v; want %v", freed, why, err, want)
			}
			if out != m && len(run(t, out, 5)) != 5*36 {
				t.Error("a batch of 5 does not run")
			}
		})
	}
}

// TestFreeBatchLeavesAlone: where samples mix, or something is made for one
// batch, the batch stays and the reason is told.
func TestFreeBatchLeavesAlone(t *testing.T) {
	t.Parallel()
	ints := func(b *layer, name string, v ...int64) string {
		b.p.SetInitializer(onnxio.NewTensor(name, []int64{int64(len(v))}, v))
		return name
	}
	for _, tc := range []struct {
		name  string
		batch int64
		why   string // a part of it; "" where the batch is freed
		build func(b *layer)
	}{
		{"a mean over all axes", 1, "mixes the values of samples", func(b *layer) {
			b.node("ReduceMean", "m", []string{"x"}, onnxio.Int("keepdims", 0))
			b.node("Sub", "y", []string{"x", "m"})
		}},
		{"a mean over features", 1, "", func(b *layer) {
			b.node("ReduceMean", "m", []string{"x"}, onnxio.Ints("axes", 1))
			b.node("Sub", "y", []string{"x", "m"})
		}},
		{"statistics of the batch", 2, "mixes the values of samples", func(b *layer) {
			b.p.Add(onnxio.NodeSpec{
				Op: "BatchNormalization", Name: "n", Inputs: []string{"x", b.weight("s", 4), b.weight("b", 4), b.weight("m", 4), b.weight("v", 4)},
				Outputs: []string{"y", "rm", "rv"}, Attrs: []onnxio.Attr{onnxio.Int("training_mode", 1)},
			})
		}},
		{"a bias for each sample", 4, `reads "c", which is for a batch of 4 alone`, func(b *layer) {
			b.node("Gemm", "y", []string{"x", b.weight("w", 4, 6), b.weight("c", 4, 6)})
		}},
		{"a bias for all samples", 4, "", func(b *layer) {
			b.node("Gemm", "y", []string{"x", b.weight("w", 4, 6), b.weight("c", 6)})
		}},
		{"an initial state", 1, `reads "h", which is for a batch of 1 alone`, func(b *layer) {
			b.node("Unsqueeze", "steps", []string{"x", ints(b, "first", 0)})
			b.node("RNN", "r", []string{"steps", b.weight("w", 1, 3, 4), b.weight("u", 1, 3, 3), "", "", b.weight("h", 1, 1, 3)}, onnxio.Int("hidden_size", 3))
			b.node("Squeeze", "y", []string{"r", ints(b, "lead", 0, 1)})
		}},
		{"a table for each sample", 3, "has an operand for a batch of 3 alone", func(b *layer) {
			b.node("Add", "y", []string{"x", b.weight("table", 3, 4)})
		}},
		{"weights among the samples", 3, "does not keep samples apart", func(b *layer) {
			b.node("Softmax", "y", []string{"x"}, onnxio.Int("axis", 0))
		}},
		{"a row for all", 1, "an extent along this axis is not known", func(b *layer) {
			b.node("Concat", "y", []string{"x", b.weight("row", 1, 4)}, onnxio.Int("axis", 0))
		}},
		{"samples across each other", 2, "does not have the samples along its first axis", func(b *layer) {
			b.node("Reshape", "t", []string{"x", ints(b, "to", 4, -1)})
			b.node("Transpose", "y", []string{"t"}, onnxio.Ints("perm", 1, 0))
		}},
		{"a product with the number of samples", 2, "computes with the size of the batch", func(b *layer) {
			b.node("Shape", "shape", []string{"x"})
			b.node("Gather", "n", []string{"shape", ints(b, "zero", 0)})
			b.node("Cast", "f", []string{"n"}, onnxio.Int("to", int64(onnxio.Float32)))
			b.node("Div", "y", []string{"x", "f"})
		}},
		{"samples turned to the second axis and back", 2, "", func(b *layer) {
			b.node("Transpose", "t", []string{"x"}, onnxio.Ints("perm", 1, 0))
			b.node("Relu", "r", []string{"t"})
			b.node("Transpose", "y", []string{"r"}, onnxio.Ints("perm", 1, 0))
		}},
		{"samples along the last axis", 3, "does not have the samples along its first axis", func(b *layer) {
			b.node("Transpose", "t", []string{"x"}, onnxio.Ints("perm", 1, 0))
			b.node("MatMul", "y", []string{b.weight("w", 4, 4), "t"})
		}},
		{"an unknown operator", 1, "Whirl", func(b *layer) { b.node("Whirl", "y", []string{"x"}) }},
	} {
		b := newLayer(t, 4)
		b.p.SetInputType("x", onnxio.Type{Elem: onnxio.Float32, Shape: onnxio.ShapeOf(tc.batch, 4)})
		tc.build(b)
		m := b.model("y")
		out, why, err := rewrite.FreeBatch(m)
		if err != nil || !strings.Contains(why, tc.why) || (out == m) != (tc.why != "") || (why == "") != (tc.why == "") {
			t.Errorf("%s: %q, %v; want %q", tc.name, why, err, tc.why)
		}
	}
	two := newLayer(t, 4)
	two.p.SetInputType("x", onnxio.Type{Elem: onnxio.Float32, Shape: onnxio.ShapeOf(1, 4)})
	two.p.SetInputType("z", onnxio.Type{Elem: onnxio.Float32, Shape: onnxio.ShapeOf(3, 4)})
	two.node("Add", "y", []string{"x", "z"})
	m := two.model("y")
	if out, why, err := rewrite.FreeBatch(m); out != m || !strings.Contains(why, "different extents") || err != nil {
		t.Errorf("inputs of two sizes: %q, %v", why, err)
	}
}
