package head_test

import (
	"math"
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/head"
)

// TestRenew gives every form of a last layer another number of classes; what
// lies before it stays.
func TestRenew(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		more func(b *builder)
		fan  int
		says string // why not
	}{
		{"matrix", func(b *builder) { b.out("logits") }, 6, ""},
		{"matrix, bias and softmax", func(b *builder) {
			b.weight("b", 4)
			b.node("y", "Add", "logits", "b")
			b.node("p", "Softmax", "y")
			b.out("p")
		}, 6, ""},
		{"turned matrix and bias", func(b *builder) {
			b.weight("g", 5, 6)
			b.weight("b", 5)
			b.with("y", "Gemm", []string{"features", "g", "b"}, onnxio.Int("transB", 1))
			b.out("y")
		}, 6, ""},
		{"one bias for all", func(b *builder) {
			b.weight("b", 1)
			b.weight("g", 6, 4)
			b.with("y", "Gemm", []string{"features", "g", "b"})
			b.out("y")
		}, 6, ""},
		{"convolution", func(b *builder) {
			b.weight("c", 5, 6, 1, 1)
			b.weight("b", 5)
			b.node("y", "Conv", "mean", "c", "b")
			b.with("p", "Softmax", []string{"y"}, onnxio.Int("axis", 1))
			b.node("z", "Reshape", "p", b.list("to", -1, 5))
			b.out("z")
		}, 6, ""},
		{"logits and probabilities", func(b *builder) { b.node("p", "Softmax", "logits"); b.out("logits", "p") }, 6, ""},
		{"a constant", func(b *builder) {
			b.p.Add(onnxio.NodeSpec{Op: "Constant", Outputs: []string{"k"}, Attrs: []onnxio.Attr{onnxio.TensorValue("value", onnxio.NewTensor("", []int64{6, 3}, make([]float32, 18)))}})
			b.node("y", "MatMul", "features", "k")
			b.out("y")
		}, 6, ""},
		{"no layer", func(b *builder) { b.node("y", "Relu", "features"); b.out("y") }, 0, "comes from"},
		{"shared weights", func(b *builder) {
			b.node("again", "MatMul", "features", "fc")
			b.node("y", "Add", "again", "b")
			b.weight("b", 4)
			b.out("y", "logits")
		}, 0, "2 readers"},
		{"computed bias", func(b *builder) {
			b.node("m", "ReduceMean", "features")
			b.weight("g", 6, 4)
			b.with("y", "Gemm", []string{"features", "g", "m"})
			b.out("y")
		}, 0, "its bias is computed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m := layered(t, c.more)
			before := m.Clone()
			out, r, err := head.Renew(m, "", 9, 1)
			if c.says != "" {
				if err == nil || !strings.Contains(err.Error(), c.says) {
					t.Fatalf("error %v, want %q in it", err, c.says)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if n := head.Classes(out, ""); n != 9 {
				t.Errorf("%d classes", n)
			}
			var old float64
			for _, w := range out.Graph.Initializers() {
				dims, changed := r.Was[w.Name()]
				if !changed {
					if was := m.Graph.Initializer(w.Name()); was != nil && w.Elem() == onnxio.Float32 && !w.Shape().Equal(was.Shape()) {
						t.Errorf("weight %q has another shape", w.Name())
					}
					continue
				}
				v, err := w.Floats()
				if err != nil {
					t.Fatal(err)
				}
				var most float64
				for _, x := range v {
					most = max(most, math.Abs(float64(x)))
				}
				if bound := 1 / math.Sqrt(float64(c.fan)); most > bound || most < bound/2 {
					t.Errorf("weight %q (was %v) reaches %v of %v", w.Name(), dims, most, bound)
				}
				old++
			}
			if old == 0 {
				t.Error("no weight is new")
			}
			if a, _ := m.Fingerprint(); a != fingerprint(t, before) {
				t.Error("the argument is changed")
			}
			if a, _ := out.Fingerprint(); a == fingerprint(t, before) {
				t.Error("nothing is changed")
			}
		})
	}
}

func fingerprint(t *testing.T, m *onnxio.Model) string {
	t.Helper()
	s, err := m.Fingerprint()
	if err != nil {
		t.Fatal(err)
	}
	return s
}
