package training

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
)

// through returns a model whose logits are its input, then put through tail.
func through(t *testing.T, batch onnxio.Dim, tail string) *onnxio.Model {
	t.Helper()
	m := onnxio.New("through")
	typ := onnxio.Type{Elem: onnxio.Float32, Shape: onnxio.Shape{batch, onnxio.Known(3)}}
	p := m.Graph.Edit()
	p.SetInputType("x", typ)
	p.Add(onnxio.NodeSpec{Op: "Neg", Inputs: []string{"x"}, Outputs: []string{"minus"}})
	p.Add(onnxio.NodeSpec{Op: "Neg", Inputs: []string{"minus"}, Outputs: []string{"same"}})
	p.Add(onnxio.NodeSpec{Op: tail, Inputs: []string{"same"}, Outputs: []string{"y"}})
	p.SetOutputType("y", typ)
	if err := p.Apply(); err != nil {
		t.Fatal(err)
	}
	return m
}

// answers are five samples whose probabilities are those of the comments.
func answers() *samples {
	log := func(p ...float64) []float32 {
		x := make([]float32, len(p))
		for i, v := range p {
			x[i] = float32(math.Log(v)) + 2
		}
		return x
	}
	return &samples{
		shape: []int{3},
		x: [][]float32{
			log(0.80, 0.10, 0.10), // right
			log(0.50, 0.25, 0.25), // right
			log(0.30, 0.49, 0.21), // wrong: said 1, is 2
			log(0.10, 0.10, 0.80), // right
			log(0.20, 0.75, 0.05), // right
		},
		labels: []int{0, 0, 2, 2, 1},
	}
}

func TestEvaluate(t *testing.T) {
	orttest.Need(t)
	wantLoss := -(math.Log(0.8) + math.Log(0.5) + math.Log(0.21) + math.Log(0.8) + math.Log(0.75)) / 5
	// Bins of 1/15: 0.8 and 0.8 (both right) are alone in [12/15, 13/15), as
	// are 0.75 in [11/15, 12/15) and 0.50 and 0.49 (one right) in [7/15, 8/15).
	wantError := (math.Abs(2-1.6) + math.Abs(1-0.75) + math.Abs(1-0.99)) / 5
	for _, c := range []struct {
		name  string
		batch onnxio.Dim
		tail  string
		o     EvalOptions
	}{
		{"logits", onnxio.Symbol("N"), "Identity", EvalOptions{}},
		{"small batches", onnxio.Symbol("N"), "Identity", EvalOptions{Batch: 2, Workers: 3}},
		{"probabilities", onnxio.Symbol("N"), "Softmax", EvalOptions{}},
		{"logarithms", onnxio.Symbol("N"), "LogSoftmax", EvalOptions{}},
		{"batches of 1", onnxio.Known(1), "Identity", EvalOptions{}},
		{"batches of 2", onnxio.Known(2), "Softmax", EvalOptions{}},
		{"batches of 8", onnxio.Known(8), "Identity", EvalOptions{}},
	} {
		e, err := Evaluate(context.Background(), through(t, c.batch, c.tail), answers(), c.o)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if e.Samples != 5 || e.Correct != 4 || e.Accuracy != 0.8 {
			t.Errorf("%s: %d of %d, accuracy %v, want 4 of 5", c.name, e.Correct, e.Samples, e.Accuracy)
		}
		if math.Abs(e.Loss-wantLoss) > 1e-6 || math.Abs(e.CalibrationError-wantError) > 1e-6 {
			t.Errorf("%s: loss %v and calibration error %v, want %v and %v", c.name, e.Loss, e.CalibrationError, wantLoss, wantError)
		}
		if e.Confusion[2][1] != 1 || e.Confusion[0][0] != 2 || e.Classes[2] != (ClassResult{2, 1, 0.5}) {
			t.Errorf("%s: confusion %v, classes %v", c.name, e.Confusion, e.Classes)
		}
	}
}

func TestEvaluateRefuses(t *testing.T) {
	orttest.Need(t)
	free := onnxio.Symbol("N")
	beyond, nan, unread := answers(), answers(), answers()
	beyond.labels[3] = 3
	nan.x[2][0] = float32(math.NaN())
	unread.bad = 1
	for _, c := range []struct {
		name string
		set  *samples
		o    EvalOptions
		want string
	}{
		{"label", beyond, EvalOptions{}, "sample 3: its label is 3"},
		{"not finite", nan, EvalOptions{}, "sample 2: the model's output is NaN"},
		{"unreadable", unread, EvalOptions{}, "read sample 1: bad.png"},
		{"shape", noise(1, 3, 3, 4), EvalOptions{}, "the samples are 4 but the model takes 3"},
		{"empty", &samples{shape: []int{3}}, EvalOptions{}, "no samples"},
		{"output", answers(), EvalOptions{Logits: "z"}, `no output "z"`},
	} {
		_, err := Evaluate(context.Background(), through(t, free, "Identity"), c.set, c.o)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q in it", c.name, err, c.want)
		}
	}
}
