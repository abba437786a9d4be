package training

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
	"github.com/prunefuse/prunefuse/onnxio/ort"
	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
)

// souring gives samples with a bad value after the first good ones.
type souring struct {
	*samples
	value float32
	good  int64
	reads atomic.Int64
}

func (s *souring) Read(i int, dst []float32) error {
	err := s.samples.Read(i, dst)
	if s.reads.Add(1) > s.good {
		dst[0] = s.value
	}
	return err
}

func (s *souring) ID(i int) string { return fmt.Sprintf("x/%d", i) }

// TestTrainStopsOnBadNumbers feeds NaN and infinities, and values that the
// network cannot take.
func TestTrainStopsOnBadNumbers(t *testing.T) {
	orttest.Need(t)
	for _, value := range []float32{float32(math.NaN()), 1e38} {
		set := &souring{samples: tinySet(tinySamples), value: value, good: 2 * tinySamples}
		o := tinyOptions()
		o.Checkpoint, o.Every = t.TempDir()+"/run.onnx", 4
		o.Augment = Augment{}
		_, h, err := Train(context.Background(), tiny(t), set, o)
		if err == nil || h.Steps != 6 || strings.Contains(err.Error(), "\n") {
			t.Fatalf("error %v after %d steps", err, h.Steps)
		}
		for _, want := range []string{"step 7 (epoch 3)", "sample x/", o.Checkpoint + " holds the state after step 4"} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("error %v, want %q in it", err, want)
			}
		}
		var d *DivergedError
		if diverged := errors.As(err, &d); diverged != finite(value) {
			t.Errorf("%v: error %T", value, err)
		} else if diverged && (d.Step != 7 || d.Epoch != 3 || d.Checkpoint != o.Checkpoint || d.Good != 4 || len(d.Samples) != 8) {
			t.Errorf("%+v", d)
		}
		m, err := onnxio.Load(o.Checkpoint)
		if err != nil {
			t.Fatal(err)
		}
		e, err := Evaluate(context.Background(), m, tinySet(tinySamples), EvalOptions{})
		if err != nil || math.IsNaN(e.Loss) {
			t.Errorf("the checkpoint evaluates to %+v, %v", e, err)
		}
	}
}

// TestTrainOutOfMemory trains a network that no machine has the memory for.
func TestTrainOutOfMemory(t *testing.T) {
	orttest.Need(t)
	m := twoLayers(1, 5, 4, 3)
	p := m.Graph.Edit()
	p.SetInitializer(onnxio.NewTensor("size", []int64{3}, []int64{1 << 44, 1, 1}))
	p.Add(onnxio.NodeSpec{Op: "Expand", Inputs: []string{"h", "size"}, Outputs: []string{"many"}})
	p.Add(onnxio.NodeSpec{Op: "ReduceMean", Inputs: []string{"many"}, Outputs: []string{"one"}, Attrs: []onnxio.Attr{onnxio.Ints("axes", 0), onnxio.Int("keepdims", 0)}})
	p.SetInput(m.Graph.Nodes()[1], 0, "one")
	if err := p.Apply(); err != nil {
		t.Fatal(err)
	}
	_, _, err := Train(context.Background(), m, noise(1, 6, 3, 5), Options{})
	var e *ort.MemoryError
	if !errors.As(err, &e) || !strings.Contains(err.Error(), "step 1: ") || strings.Contains(err.Error(), "\n") {
		t.Errorf("error %v, want a MemoryError in step 1", err)
	}
}

func TestTrainRefuses(t *testing.T) {
	orttest.Need(t)
	ok := func() *samples { return tinySet(tinySamples) }
	edit := func(f func(*onnxio.Model, *onnxio.Patch)) *onnxio.Model {
		m := tiny(t)
		p := m.Graph.Edit()
		f(m, p)
		if err := p.Apply(); err != nil {
			t.Fatal(err)
		}
		return m
	}
	weight := tiny(t).Graph.Initializers()[0].Name()
	for _, c := range []struct {
		name string
		m    *onnxio.Model
		set  *samples
		o    func(*Options)
		want string
	}{
		{"empty set", tiny(t), &samples{shape: []int{2, 8, 8}}, nil, "no samples"},
		{"label beyond the classes", tiny(t), noise(1, 50, 5, 2, 8, 8), nil, "classes 0 to 3"},
		{"wrong shape", tiny(t), noise(1, 5, 4, 2, 9, 9), nil, "the samples are 2×9×9 but the model takes 2×8×8"},
		{"no image to augment", twoLayers(1, 128, 4, 4), noise(1, 5, 4, 128), nil, "no image"},
		{"unreadable sample", tiny(t), &samples{ok().shape, ok().x, ok().labels, 4}, nil, "read sample 4: bad.png"},
		{"frozen", tiny(t), ok(), func(o *Options) { o.Step.Freeze = []string{"*"} }, "every weight is frozen"},
		{"frozen in other ways", tiny(t), ok(), func(o *Options) { o.Step.Learn, o.Step.Freeze = []string{"fc.bias"}, []string{"fc*"} }, "every weight is frozen"},
		{"freezes nothing", tiny(t), ok(), func(o *Options) { o.Step.Freeze = []string{"fc.wait"} }, `no weight matches "fc.wait"; the nearest are "fc.weight", "fc.bias", "`},
		{"no pattern", tiny(t), ok(), func(o *Options) { o.Step.Learn = []string{"["} }, `"[" is no pattern`},
		{"statistics", tiny(t), ok(), func(o *Options) { o.Step.Freeze = []string{"bn1.running_*"} }, "no weight matches"},
		{"clip", tiny(t), ok(), func(o *Options) { o.Step.Clip.Norm = -1 }, "clip gradients at -1"},
		{"clip twice", tiny(t), ok(), func(o *Options) { o.Step.Clip = Clip{1, 1} }, "not by both"},
		{"average", tiny(t), ok(), func(o *Options) { o.Step.Average = 1 }, "moving average 1"},
		{"accumulate", tiny(t), ok(), func(o *Options) { o.Accumulate = -1 }, "-1 batches"},
		{"schedule", tiny(t), ok(), func(o *Options) { o.Schedule, o.Warmup = Cosine{Rate: 1}, 10 }, "leaves none of 10"},
		{"momentum", tiny(t), ok(), func(o *Options) { o.Step.Optimizer = SGD{Momentum: 1} }, "momentum 1"},
		{"nesterov", tiny(t), ok(), func(o *Options) { o.Step.Optimizer = SGD{Nesterov: true} }, "needs a momentum"},
		{"weight decay", tiny(t), ok(), func(o *Options) { o.Step.Optimizer = Adam{WeightDecay: -1} }, "weight decay -1"},
		{"beta", tiny(t), ok(), func(o *Options) { o.Step.Optimizer = AdamW{Beta2: 1} }, "beta 1"},
		{"epsilon", tiny(t), ok(), func(o *Options) { o.Step.Optimizer = Adam{Epsilon: math.NaN()} }, "epsilon NaN"},
		{"decay", tiny(t), ok(), func(o *Options) { o.Step.Decay = "some" }, `decay "some"`},
		{"deviation", tiny(t), ok(), func(o *Options) { o.Normalize.Std = []float32{0} }, "standard deviation"},
		{"no such output", tiny(t), ok(), func(o *Options) { o.Step.Logits = "prob" }, `no output "prob"`},
		{"unknown operator", edit(func(m *onnxio.Model, p *onnxio.Patch) {
			n := m.Graph.Nodes()[1]
			p.Remove(n)
			p.Add(onnxio.NodeSpec{Op: "Mystery", Name: "odd", Inputs: n.Inputs()[:1], Outputs: n.Outputs()})
		}), ok(), nil, `node "odd" (Mystery)`},
		{"half weights", edit(func(m *onnxio.Model, p *onnxio.Patch) {
			w := m.Graph.Initializer(weight)
			half := onnxio.RawTensor("half", onnxio.Float16, w.Dims(), make([]byte, 2*w.Len()))
			p.SetInitializer(half)
			p.Add(onnxio.NodeSpec{Op: "Cast", Inputs: []string{"half"}, Outputs: []string{"full"}, Attrs: []onnxio.Attr{onnxio.Int("to", 1)}})
			p.Redirect(weight, "full")
		}), ok(), nil, "only float32 is trained"},
		{"no classifier", edit(func(m *onnxio.Model, p *onnxio.Patch) {
			p.RemoveOutput("logits")
			p.SetOutputType(m.Graph.Nodes()[0].Output(0), onnxio.Type{Elem: onnxio.Float32})
		}), ok(), nil, "looks like maps of 4 channels"},
	} {
		o := tinyOptions()
		if c.o != nil {
			c.o(&o)
		}
		o.OnStart = func(int, int) {
			if c.name != "unreadable sample" {
				t.Errorf("%s: the training began", c.name)
			}
		}
		_, _, err := Train(context.Background(), c.m, c.set, o)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q in it", c.name, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: more than a line: %v", c.name, err)
		}
		var u *op.UnsupportedError
		if (c.name == "unknown operator" || c.name == "half weights") != errors.As(err, &u) {
			t.Errorf("%s: error %T", c.name, err)
		}
	}
}
