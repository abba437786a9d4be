package training

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/models"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
)

// TestGradientsAreASteps: where training and inference are the same, the
// gradient is what one step of plain descent takes away.
func TestGradientsAreASteps(t *testing.T) {
	orttest.Need(t)
	const in, hidden, classes, n = 7, 11, 5, 6
	m := twoLayers(3, in, hidden, classes)
	set := noise(1, 2*n+1, classes, in)
	batch := 0
	for grads, err := range Gradients(t.Context(), m, set, GradientOptions{Batch: n}) {
		if err != nil {
			t.Fatal(err)
		}
		step, err := NewStep(m, StepOptions{})
		if err != nil {
			t.Fatal(err)
		}
		b, err := step.NewBatch(n)
		if err != nil {
			t.Fatal(err)
		}
		for i := range n {
			copy(b.Samples()[i*in:], set.x[batch*n+i])
			b.SetLabel(i, set.labels[batch*n+i])
		}
		if _, err := step.Run(t.Context(), b, 1); err != nil {
			t.Fatal(err)
		}
		after, err := step.Model()
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range m.Graph.Initializers() {
			was, is := floats(t, w), floats(t, after.Graph.Initializer(w.Name()))
			for i := range was {
				if got := grads[w.Name()][i]; math.Abs(float64(was[i]-is[i]-got)) > 1e-6 {
					t.Fatalf("batch %d: gradient %d of %s is %v, the step took %v", batch, i, w.Name(), got, was[i]-is[i])
				}
			}
		}
		batch++
		b.Close()
		step.Close()
	}
	if batch != 2 {
		t.Errorf("%d batches of 6 in 13 samples", batch)
	}
}

// TestGradientsOfInference compares with differences of the loss that
// Evaluate finds, on a network with BatchNorm, a weight behind an Identity
// that is read twice, and a Softmax at the end.
func TestGradientsOfInference(t *testing.T) {
	orttest.Need(t)
	m, err := models.Build("lenet", models.Options{Seed: 4, Input: [3]int{1, 16, 16}, Classes: 4})
	if err != nil {
		t.Fatal(err)
	}
	p := m.Graph.Edit()
	bn := []string{"bn.scale", "bn.shift", "bn.mean", "bn.var"}
	for i, name := range bn {
		v := make([]float32, 6)
		for k := range v {
			v[k] = float32(k+1)*0.2 + float32(i)*0.1
		}
		p.SetInitializer(onnxio.NewTensor(name, []int64{6}, v))
	}
	first := m.Graph.Consumers(m.Graph.Inputs()[0].Name)[0].Node
	p.Redirect(first.Output(0), "normal")
	p.Add(onnxio.NodeSpec{Op: "BatchNormalization", Inputs: append([]string{first.Output(0)}, bn...), Outputs: []string{"bn1"}})
	p.Add(onnxio.NodeSpec{Op: "Identity", Inputs: []string{"bn.scale"}, Outputs: []string{"alias"}})
	p.Add(onnxio.NodeSpec{Op: "BatchNormalization", Inputs: []string{"bn1", "alias", "bn.shift", "bn.mean", "bn.var"}, Outputs: []string{"normal"}})
	logits := m.Graph.Outputs()[0]
	p.RemoveOutput(logits.Name)
	p.Add(onnxio.NodeSpec{Op: "Softmax", Inputs: []string{logits.Name}, Outputs: []string{"probabilities"}})
	p.SetOutputType("probabilities", logits.Type)
	if err := p.Apply(); err != nil {
		t.Fatal(err)
	}
	set := noise(5, 8, 4, 1, 16, 16)
	for grads, err := range Gradients(t.Context(), m, set, GradientOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		if grads["alias"] != nil || grads["bn.mean"] != nil {
			t.Error("a gradient by an alias, or by a statistic")
		}
		for _, name := range []string{"bn.scale", "bn.shift", "conv2.weight", "fc3.bias"} {
			const step = 1e-2
			loss := func(d float32) float64 { return lossAt(t, m, set, name, 1, d) }
			want := (loss(step) - loss(-step)) / (2 * step)
			if got := float64(grads[name][1]); math.Abs(got-want) > 2e-2*max(math.Abs(want), 0.05) {
				t.Errorf("%s: gradient %v, want about %v", name, got, want)
			}
		}
	}
}

// lossAt returns the loss with one element of a weight moved.
func lossAt(t *testing.T, m *onnxio.Model, set Set, name string, i int, by float32) float64 {
	t.Helper()
	m = m.Clone()
	w := m.Graph.Initializer(name)
	v := floats(t, w)
	v[i] += by
	p := m.Graph.Edit()
	p.SetInitializer(onnxio.NewTensor(name, w.Dims(), v))
	if err := p.Apply(); err != nil {
		t.Fatal(err)
	}
	e, err := Evaluate(t.Context(), m, set, EvalOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return e.Loss
}

func floats(t *testing.T, w *onnxio.Tensor) []float32 {
	t.Helper()
	v, err := w.Floats()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestGradientErrors(t *testing.T) {
	orttest.Need(t)
	m := twoLayers(3, 7, 11, 5)
	broken := noise(1, 6, 5, 7)
	broken.bad = 3
	for want, set := range map[string]*samples{
		"gradients: the set has no samples":                  noise(1, 0, 5, 7),
		"gradients: the samples are 8 but the model takes 7": noise(1, 6, 5, 8),
		"gradients: sample":                                  noise(3, 40, 9, 7),
		"gradients: read sample 3: bad.png: not an image":    broken,
	} {
		for _, err := range Gradients(t.Context(), m, set, GradientOptions{Batch: 4}) {
			if err == nil && set == broken {
				continue
			}
			if err == nil || !strings.HasPrefix(err.Error(), want) {
				t.Errorf("error %v, want %s", err, want)
			}
		}
	}
}

// A value made of extents, as zeros of the shape of another, takes no gradient and
// keeps none from the rest.
func TestGradientsPastExtents(t *testing.T) {
	orttest.Need(t)
	set := noise(3, 8, 4, 6)
	grads := func(change func(p *onnxio.Patch)) map[string][]float32 {
		m := twoLayers(1, 6, 5, 4)
		p := m.Graph.Edit()
		change(p)
		if err := p.Apply(); err != nil {
			t.Fatal(err)
		}
		out := map[string][]float32{}
		for g, err := range Gradients(t.Context(), m, set, GradientOptions{}) {
			if err != nil {
				t.Fatal(err)
			}
			for name, v := range g {
				out[name] = slices.Clone(v)
			}
		}
		return out
	}
	plain := grads(func(*onnxio.Patch) {})
	zeros := grads(func(p *onnxio.Patch) {
		p.Redirect("r", "sum")
		p.Add(onnxio.NodeSpec{Op: "Shape", Inputs: []string{"r"}, Outputs: []string{"extents"}})
		p.Add(onnxio.NodeSpec{Op: "ConstantOfShape", Inputs: []string{"extents"}, Outputs: []string{"zeros"}})
		p.Add(onnxio.NodeSpec{Op: "Add", Inputs: []string{"r", "zeros"}, Outputs: []string{"sum"}})
	})
	if len(plain) != 4 || len(zeros) != len(plain) {
		t.Fatalf("gradients by %d and %d weights", len(plain), len(zeros))
	}
	for name, want := range plain {
		if !slices.Equal(zeros[name], want) {
			t.Errorf("%s: %v, want %v", name, zeros[name], want)
		}
	}
}
