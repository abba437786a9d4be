package training

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
)

// normalised is a network over features [N,6] with a BatchNormalization between
// two fully connected layers, or over maps [N,6,h,h].
func normalised(t *testing.T, h int64, trainingMode bool) *onnxio.Model {
	t.Helper()
	m := onnxio.New("normalised")
	m.SetOpset("", 17)
	p := m.Graph.Edit()
	shape := onnxio.Shape{onnxio.Symbol("N"), onnxio.Known(6), onnxio.Known(h), onnxio.Known(h)}
	p.SetInputType("x", onnxio.Type{Elem: onnxio.Float32, Shape: shape})
	weight := func(name string, dims ...int64) string {
		v := make([]float32, onnxio.ShapeOf(dims...).Size().Or(0))
		for i := range v {
			v[i] = float32((i*7)%11-5) / 8
		}
		p.SetInitializer(onnxio.NewTensor(name, dims, v))
		return name
	}
	ones := func(name string) string {
		p.SetInitializer(onnxio.NewTensor(name, []int64{5}, []float32{1, 1, 1, 1, 1}))
		return name
	}
	p.Add(onnxio.NodeSpec{Op: "Conv", Inputs: []string{"x", weight("conv", 5, 6, 1, 1)}, Outputs: []string{"y"}})
	bn := onnxio.NodeSpec{Op: "BatchNormalization", Name: "norm", Inputs: []string{"y", ones("scale"), weight("shift", 5), weight("mean", 5), ones("var")}, Outputs: []string{"n"}}
	if trainingMode {
		bn.Attrs = []onnxio.Attr{onnxio.Int("training_mode", 1)}
		bn.Outputs = append(bn.Outputs, "mean.out", "var.out")
	}
	p.Add(bn)
	p.Add(onnxio.NodeSpec{Op: "GlobalAveragePool", Inputs: []string{"n"}, Outputs: []string{"g"}})
	p.Add(onnxio.NodeSpec{Op: "Flatten", Inputs: []string{"g"}, Outputs: []string{"f"}})
	p.Add(onnxio.NodeSpec{Op: "MatMul", Inputs: []string{"f", weight("fc", 5, 3)}, Outputs: []string{"logits"}})
	p.SetOutputType("logits", onnxio.Type{Elem: onnxio.Float32})
	if err := p.Apply(); err != nil {
		t.Fatal(err)
	}
	return m
}

// TestPaceCoversEverySample walks sizes of sets and batches.
func TestPaceCoversEverySample(t *testing.T) {
	t.Parallel()
	for n := 1; n < 30; n++ {
		for batch := 1; batch <= n; batch++ {
			for _, joins := range []bool{false, true} {
				for _, drop := range []bool{false, true} {
					p := newPace(n, batch, drop, joins, 1)
					sum := 0
					for at := range p.batches {
						size := p.size(at)
						sum += size
						if size == 1 && batch > 1 && joins {
							t.Errorf("%d samples by %d: batch %d has one", n, batch, at)
						}
						if at < p.batches-1 && size != batch {
							t.Errorf("%d samples by %d: batch %d has %d", n, batch, at, size)
						}
					}
					want := n
					if drop {
						want -= n % batch
					}
					if sum != want {
						t.Errorf("%d samples by %d (drop %v): %d are taken", n, batch, drop, sum)
					}
				}
			}
		}
	}
}

// TestLastBatchOfOne trains with a last batch of one sample: it joins the one
// before where a normalisation would see a single value a channel, with every
// way of feeding a step, and stands alone elsewhere.
func TestLastBatchOfOne(t *testing.T) {
	t.Parallel()
	orttest.Need(t)
	for name, edit := range map[string]func(o *Options){
		"plain":      func(*Options) {},
		"mixed":      func(o *Options) { o.Augment.Mixup = 0.4 },
		"accumulate": func(o *Options) { o.Accumulate = 2 },
		"average":    func(o *Options) { o.Step.Average = 0.9 },
		"dynamics":   func(o *Options) { o.Dynamics = &DynamicsOptions{} },
		"validation": func(o *Options) { o.Validation = noise(2, 5, 3, 6, 1, 1) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			options := func(batch int) Options {
				o := Options{Batch: batch, Epochs: 2, Seed: 4}
				o.Step.Session.Threads = 1
				edit(&o)
				return o
			}
			set := noise(1, 13, 3, 6, 1, 1)
			small := normalised(t, 1, false)
			joined, history := train(t, small, set, options(12))
			whole, _ := train(t, small, set, options(13))
			if history.Samples != 26 {
				t.Errorf("%d samples were seen, want 26", history.Samples)
			}
			if !bytes.Equal(marshal(t, joined), marshal(t, whole)) {
				t.Error("12 and 1 samples are not trained as 13")
			}
			over := options(12)
			over.Validation = nil
			if _, h := train(t, normalised(t, 2, false), noise(1, 13, 3, 6, 2, 2), over); name != "accumulate" && h.Steps != 4 {
				t.Errorf("over maps of 2×2 there are %d steps, want 4", h.Steps)
			}
		})
	}
}

// TestBatchOfOneIsRefused, where it cannot work, before the first step.
func TestBatchOfOneIsRefused(t *testing.T) {
	t.Parallel()
	orttest.Need(t)
	m := normalised(t, 1, false)
	for name, c := range map[string]struct{ samples, batch int }{"batches of one": {8, 1}, "a set of one": {1, 32}} {
		_, _, err := Train(context.Background(), m, noise(1, c.samples, 3, 6, 1, 1), Options{Batch: c.batch, Epochs: 1})
		if err == nil || !strings.Contains(err.Error(), `node "norm" (BatchNormalization) normalises over a single value`) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	s, err := NewStep(m, StepOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.NewBatch(1); err == nil || !strings.Contains(err.Error(), "single value") {
		t.Errorf("a step's batch of one: error %v", err)
	}
}

// TestTrainingModeIsLeft by training: the model comes out as one exported in
// evaluation mode does.
func TestTrainingModeIsLeft(t *testing.T) {
	t.Parallel()
	orttest.Need(t)
	set := noise(1, 13, 3, 6, 1, 1)
	o := Options{Epochs: 2, Batch: 12, Validation: set}
	a, _ := train(t, normalised(t, 1, true), set, o)
	b, _ := train(t, normalised(t, 1, false), set, o)
	if !bytes.Equal(marshal(t, a), marshal(t, b)) {
		t.Error("the trained models differ")
	}
}

// TestTrainingModeIsRefused wherever a model answers for samples.
func TestTrainingModeIsRefused(t *testing.T) {
	t.Parallel()
	orttest.Need(t)
	m, good, set := normalised(t, 1, true), normalised(t, 1, false), noise(1, 8, 3, 6, 1, 1)
	ctx := context.Background()
	for name, do := range map[string]func() error{
		"evaluate": func() error { _, err := Evaluate(ctx, m, set, EvalOptions{}); return err },
		"teacher": func() error {
			_, _, err := Train(ctx, good, set, Options{Epochs: 1, Teacher: &Teacher{Model: m}, Step: StepOptions{Loss: Loss{Distill: 0.5}}})
			return err
		},
		"gradients": func() error {
			for _, err := range Gradients(ctx, m, set, GradientOptions{}) {
				return err
			}
			return nil
		},
	} {
		if err := do(); err == nil || !strings.Contains(err.Error(), `node "norm" (BatchNormalization) is in training mode`) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}
