package op_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
	"github.com/prunefuse/prunefuse/onnxio/ort"
	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
)

// lstmOf returns an LSTM over 4 steps of 3 sequences of their own lengths, both
// ways, whose batch comes first where first is.
func lstmOf(t *testing.T, first bool, steps onnxio.Dim) *onnxio.Model {
	const batch, features, h = 3, 5, 2
	return graph(t, func(p *onnxio.Patch) {
		p.SetInputType("x", floats(onnxio.Known(batch), steps, onnxio.Known(features)))
		node(p, "turned", "Transpose", []string{"x"}, onnxio.Ints("perm", 1, 0, 2))
		in, layout := "turned", int64(0)
		if first {
			in, layout = "x", 1
		}
		for name, dims := range map[string][]int64{"w": {2, 4 * h, features}, "r": {2, 4 * h, h}, "b": {2, 8 * h}} {
			v := make([]float32, onnxio.ShapeOf(dims...).Size().Or(0))
			for i := range v {
				v[i] = float32(math.Sin(float64(i*7+len(dims)))) / 2
			}
			p.SetInitializer(onnxio.NewTensor(name, dims, v))
		}
		p.SetInitializer(onnxio.NewTensor("lengths", []int64{batch}, []int32{4, 2, 3}))
		p.Add(onnxio.NodeSpec{
			Op: "LSTM", Inputs: []string{in, "w", "r", "b", "lengths"}, Outputs: []string{"all", "h", "c"},
			Attrs: []onnxio.Attr{onnxio.Int("hidden_size", h), onnxio.Int("layout", layout), onnxio.Str("direction", "bidirectional")},
		})
		if first {
			node(p, "y", "Identity", []string{"all"})
			node(p, "last", "Identity", []string{"c"})
		} else {
			node(p, "y", "Transpose", []string{"all"}, onnxio.Ints("perm", 2, 0, 1, 3))
			node(p, "last", "Transpose", []string{"c"}, onnxio.Ints("perm", 1, 0, 2))
		}
		p.SetOutputType("y", onnxio.Type{Elem: onnxio.Float32})
		p.SetOutputType("last", onnxio.Type{Elem: onnxio.Float32})
	})
}

// TestUnrolledBatchFirst holds the parts of the layout with the batch first,
// which ONNX Runtime does not run, against the other as it runs it.
func TestUnrolledBatchFirst(t *testing.T) {
	t.Parallel()
	orttest.Need(t)
	apart, err := op.Decompose(lstmOf(t, true, onnxio.Known(4)), op.InferOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if s := text(t, apart); strings.Contains(s, "LSTM") {
		t.Fatalf("not taken apart:\n%s", s)
	}
	want, got := make([]*ort.Tensor, 2), make([]*ort.Tensor, 2)
	runModel(t, lstmOf(t, false, onnxio.Known(4)), want)
	runModel(t, apart, got)
	for i := range want {
		a, b := ort.Data[float32](want[i]), ort.Data[float32](got[i])
		for k := range a {
			if len(a) != len(b) || math.Abs(float64(a[k]-b[k])) > 1e-6 {
				t.Fatalf("output %d: %v, want %v", i, b, a)
			}
		}
	}
}

// TestOpenSteps refuses to unroll over a number of steps that is not known,
// once a gradient is asked for.
func TestOpenSteps(t *testing.T) {
	t.Parallel()
	m, err := op.Decompose(lstmOf(t, true, onnxio.Symbol("T")), op.InferOptions{})
	if err != nil {
		t.Fatal(err)
	}
	f, err := op.InferGraph(m, op.InferOptions{})
	if err != nil {
		t.Fatal(err)
	}
	d := op.NewDerivative(op.NewEmit(onnxio.New("").Graph.Edit(), 17, ""), f, m.Graph)
	_, err = d.Backward(map[string]string{"y": "dy"}, []string{"w"})
	var none *op.UnsupportedError
	if !errors.As(err, &none) || none.Op != "LSTM" || !strings.Contains(none.Reason, "number is open") {
		t.Errorf("error %v", err)
	}
	if grads, err := d.Backward(map[string]string{"turned": "dy"}, []string{"x"}); err != nil || grads["x"] == "" {
		t.Errorf("a gradient that goes past it: %v, %v", grads, err)
	}
}
