package scoring

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
)

// TestModelOutputs is one row for each form of class scores: the probabilities
// that come of them are those of two classes, or those the model states.
func TestModelOutputs(t *testing.T) {
	t.Parallel()
	orttest.Need(t)
	sigmoid := func(z float64) float64 { return 1 / (1 + math.Exp(-z)) }
	x := []float32{0.5, -2, 3} // samples of one value
	for _, c := range []struct {
		name  string
		nodes []onnxio.NodeSpec
		want  func(x float64) []float64 // nil: refused
		says  string
	}{
		{"one logit", nil, func(x float64) []float64 { return []float64{1 - sigmoid(x), sigmoid(x)} }, ""},
		{"one probability", []onnxio.NodeSpec{{Op: "Sigmoid", Inputs: []string{"z"}, Outputs: []string{"y"}}}, func(x float64) []float64 { return []float64{1 - sigmoid(x), sigmoid(x)} }, ""},
		{"two probabilities at one place, labels first", []onnxio.NodeSpec{
			{Op: "Neg", Inputs: []string{"z"}, Outputs: []string{"n"}},
			{Op: "Concat", Inputs: []string{"z", "n"}, Outputs: []string{"zn"}, Attrs: []onnxio.Attr{onnxio.Int("axis", 1)}},
			{Op: "Softmax", Inputs: []string{"zn"}, Outputs: []string{"p"}, Attrs: []onnxio.Attr{onnxio.Int("axis", 1)}},
			{Op: "Reshape", Inputs: []string{"p", "map"}, Outputs: []string{"y"}},
		}, func(x float64) []float64 { return []float64{sigmoid(2 * x), sigmoid(-2 * x)} }, ""},
		{"multi-label", []onnxio.NodeSpec{
			{Op: "Concat", Inputs: []string{"z", "z"}, Outputs: []string{"zz"}, Attrs: []onnxio.Attr{onnxio.Int("axis", 1)}},
			{Op: "Sigmoid", Inputs: []string{"zz"}, Outputs: []string{"y"}},
		}, nil, "multi-label"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m := onnxio.New("outputs")
			m.SetOpset("", 13)
			p := m.Graph.Edit()
			p.SetInputType("x", onnxio.Type{Elem: onnxio.Float32, Shape: onnxio.Shape{onnxio.Symbol("N"), onnxio.Known(1)}})
			p.SetInitializer(onnxio.NewTensor("map", []int64{4}, []int64{-1, 2, 1, 1}))
			p.SetInitializer(onnxio.NewTensor("one", []int64{1, 1}, []float32{1}))
			p.Add(onnxio.NodeSpec{Op: "MatMul", Inputs: []string{"x", "one"}, Outputs: []string{"z"}})
			if c.nodes == nil {
				c.nodes = []onnxio.NodeSpec{{Op: "Identity", Inputs: []string{"z"}, Outputs: []string{"y"}}}
			}
			for _, n := range c.nodes {
				p.Add(n)
			}
			if strings.Contains(c.name, "labels first") {
				p.Add(onnxio.NodeSpec{Op: "ArgMax", Inputs: []string{"y"}, Outputs: []string{"label"}, Attrs: []onnxio.Attr{onnxio.Int("axis", 1)}})
				p.SetOutputType("label", onnxio.Type{Elem: onnxio.Int64})
			}
			p.SetOutputType("y", onnxio.Type{Elem: onnxio.Float32})
			if err := p.Apply(); err != nil {
				t.Fatal(err)
			}
			net, err := NewModel(context.Background(), m, ModelOptions{})
			if c.want == nil {
				if err == nil || !strings.Contains(err.Error(), c.says) {
					t.Fatalf("error %v, want %q in it", err, c.says)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer net.Close()
			h, _ := FindHead(m, "") // no layer is before two of them
			if net.Classes() != 2 {
				t.Fatalf("%d classes", net.Classes())
			}
			out := make([]float32, 2*len(x))
			if err := net.Logits(context.Background(), x, len(x), out, nil); err != nil {
				t.Fatal(err)
			}
			row := Row{P: make([]float64, 2)}
			for i, v := range x {
				set := row.SetLogits
				if h.Probabilities {
					set = row.SetProbabilities
				}
				if err := set(out[2*i : 2*i+2]); err != nil {
					t.Fatal(err)
				}
				for k, w := range c.want(float64(v)) {
					if math.Abs(row.P[k]-w) > 1e-6 {
						t.Errorf("sample %d has probability %v of class %d, want %v", i, row.P[k], k, w)
					}
				}
			}
		})
	}
}

// TestModelRefusesTrainingMode: a sample's scores would depend on its batch.
func TestModelRefusesTrainingMode(t *testing.T) {
	t.Parallel()
	orttest.Need(t)
	m := onnxio.New("training")
	m.SetOpset("", 17)
	p := m.Graph.Edit()
	p.SetInputType("x", onnxio.Type{Elem: onnxio.Float32, Shape: onnxio.Shape{onnxio.Symbol("N"), onnxio.Known(3)}})
	for _, name := range []string{"scale", "shift", "mean", "var"} {
		p.SetInitializer(onnxio.NewTensor(name, []int64{3}, []float32{1, 1, 1}))
	}
	p.Add(onnxio.NodeSpec{
		Op: "BatchNormalization", Name: "norm", Inputs: []string{"x", "scale", "shift", "mean", "var"}, Outputs: []string{"y", "m", "v"},
		Attrs: []onnxio.Attr{onnxio.Int("training_mode", 1)},
	})
	p.SetOutputType("y", onnxio.Type{Elem: onnxio.Float32})
	if err := p.Apply(); err != nil {
		t.Fatal(err)
	}
	if _, err := NewModel(context.Background(), m, ModelOptions{}); err == nil || !strings.Contains(err.Error(), `node "norm" (BatchNormalization) is in training mode`) {
		t.Errorf("error %v", err)
	}
}
