package rewrite_test

import (
	"testing"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/ort"
	"github.com/prunefuse/prunefuse/onnxio/rewrite"
)

// TestAvoidFaults: what the runtime's optimiser gets wrong is computed right
// after the rewrite, as without the optimiser; other models stay as they are.
func TestAvoidFaults(t *testing.T) {
	t.Parallel()
	for name, build := range map[string]func(b *layer){
		"a transpose that moves nothing before a square Gemm": func(b *layer) {
			b.node("Transpose", "t", []string{b.weight("w", 4, 4)}, onnxio.Ints("perm", 0, 1))
			b.node("Gemm", "y", []string{"x", "t"})
		},
		"a transpose that moves nothing at the end": func(b *layer) {
			b.node("Relu", "r", []string{"x"})
			b.node("Transpose", "y", []string{"r"}, onnxio.Ints("perm", 0, 1))
		},
		"a dropout before a product with one": func(b *layer) {
			b.node("Relu", "r", []string{"x"})
			b.node("Dropout", "d", []string{"r"})
			b.node("Div", "one", []string{b.weight("c"), "c"})
			b.node("Mul", "y", []string{"d", "one"})
		},
		"statistics of the batch": func(b *layer) {
			ones := []float32{1, 1, 1, 1}
			for _, name := range []string{"s", "v"} {
				b.p.SetInitializer(onnxio.NewTensor(name, []int64{4}, ones))
			}
			b.p.Add(onnxio.NodeSpec{
				Op: "BatchNormalization", Name: "n", Inputs: []string{"x", "s", b.weight("b", 4), b.weight("m", 4), "v"},
				Outputs: []string{"y", "rm", "rv"}, Attrs: []onnxio.Attr{onnxio.Int("training_mode", 1)},
			})
		},
	} {
		b := newLayer(t, 4)
		build(b)
		m := b.model("y")
		out, err := rewrite.AvoidFaults(m)
		if err != nil || out == m {
			t.Errorf("%s: unchanged, %v", name, err)
			continue
		}
		want, got := runWith(t, m, 3, ort.OptimizeNone), runWith(t, out, 3, ort.OptimizeAll)
		for i := range want {
			if d := want[i] - got[i]; d > 1e-5 || d < -1e-5 {
				t.Errorf("%s: %v, want %v", name, got, want)
				break
			}
		}
		if again, err := rewrite.AvoidFaults(out); err != nil || again != out {
			t.Errorf("%s: changed twice, %v", name, err)
		}
	}
	b := newLayer(t, 4)
	b.node("Transpose", "t", []string{"x"}, onnxio.Ints("perm", 1, 0))
	b.node("Transpose", "y", []string{"t"})
	m := b.model("y")
	if out, err := rewrite.AvoidFaults(m); err != nil || out != m {
		t.Errorf("a model without faults was changed, %v", err)
	}
}

// runWith runs a model with the runtime's optimiser at a level.
func runWith(t *testing.T, m *onnxio.Model, batch int64, level ort.Optimization) []float32 {
	t.Helper()
	return runAt(t, m, batch, ort.SessionOptions{Threads: 1, Optimization: level})
}
