package training

import (
	"bytes"
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/models"
	"github.com/prunefuse/prunefuse/models/modeltest"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/ort"
	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
)

// tiny returns a residual network with BatchNorm that trains in no time.
func tiny(t testing.TB) *onnxio.Model {
	t.Helper()
	return build(t, "resnet8")
}

func build(t testing.TB, arch string) *onnxio.Model {
	t.Helper()
	return modeltest.Build(t, arch, models.Options{Input: [3]int{2, 8, 8}, Classes: 4, Width: 0.25, Seed: 1})
}

func tinySet(n int) *samples { return noise(7, n, 4, 2, 8, 8) }

// tinyOptions are ten steps in three epochs and a bit, the last batch of each
// smaller than the others.
func tinyOptions() Options {
	return Options{
		Batch: 8, Steps: 10, Schedule: Phases{{1, 0.1}, {1, 0.05}}, Seed: 3,
		Augment: Augment{Pad: 1, Flip: true}, Normalize: Normalize{Mean: []float32{0.1}, Std: []float32{0.9, 1.1}},
		Step: StepOptions{Optimizer: SGD{Momentum: 0.9, WeightDecay: 1e-3}, Session: ort.SessionOptions{Threads: 1}},
	}
}

const tinySamples = 20

func train(t testing.TB, m *onnxio.Model, set Set, o Options) (*onnxio.Model, *History) {
	t.Helper()
	out, h, err := Train(context.Background(), m, set, o)
	if err != nil {
		t.Fatal(err)
	}
	return out, h
}

func marshal(t testing.TB, m *onnxio.Model) []byte {
	t.Helper()
	b, err := m.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestTrainOverfits(t *testing.T) {
	orttest.Need(t)
	set := tinySet(32)
	o := Options{
		Batch: 16, Schedule: Phases{{60, 0.1}}, Validation: set,
		Step: StepOptions{Optimizer: SGD{Momentum: 0.9}, Session: ort.SessionOptions{Threads: 1}},
	}
	m, h := train(t, tiny(t), set, o)
	last := h.Epochs[len(h.Epochs)-1]
	if last.Train < 1 || last.Loss > 0.1 {
		t.Errorf("after %d epochs: accuracy %v, loss %v: want all of 32 random images learnt", len(h.Epochs), last.Train, last.Loss)
	}
	// The running statistics must be those of the data for this to hold.
	if last.Validation.Accuracy < 1 {
		t.Errorf("accuracy in inference is %v, want 1", last.Validation.Accuracy)
	}
	e, err := Evaluate(context.Background(), m, set, EvalOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if e.Accuracy != last.Validation.Accuracy || math.Abs(e.Loss-last.Validation.Loss) > 1e-6 {
		t.Errorf("the model evaluates to %v, %v; the last epoch's validation said %+v", e.Accuracy, e.Loss, *last.Validation)
	}
}

// TestTrainGivesTheAverage expects the moving average where a model leaves
// the training, and the weights themselves where it goes on.
func TestTrainGivesTheAverage(t *testing.T) {
	orttest.Need(t)
	o := tinyOptions()
	o.Validation = tinySet(5)
	o.Checkpoint = t.TempDir() + "/run.onnx"
	plain, _ := train(t, tiny(t), tinySet(tinySamples), o)
	o.Step.Average = 0.5
	o.Checkpoint = t.TempDir() + "/run.onnx"
	averaged, h := train(t, tiny(t), tinySet(tinySamples), o)
	state, err := onnxio.Load(o.Checkpoint)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range plain.Graph.Initializers() {
		same := func(m *onnxio.Model) bool {
			a, errA := c.Bytes()
			b, errB := m.Graph.Initializer(c.Name()).Bytes()
			if err := errors.Join(errA, errB); err != nil {
				t.Fatal(err)
			}
			return bytes.Equal(a, b)
		}
		if !same(state) {
			t.Errorf("%s: the checkpoint has not the weights of the run without an average", c.Name())
		}
		if c.Elem() == onnxio.Float32 && same(averaged) {
			t.Errorf("%s is no average", c.Name())
		}
	}
	e, err := Evaluate(context.Background(), averaged, tinySet(5), EvalOptions{Normalize: o.Normalize})
	if err != nil {
		t.Fatal(err)
	}
	if v := h.Epochs[len(h.Epochs)-1].Validation; math.Abs(v.Loss-e.Loss) > 1e-6 {
		t.Errorf("validation loss %v, but %v of the model that came out", v.Loss, e.Loss)
	}
}

func TestTrainIsDeterministic(t *testing.T) {
	orttest.Need(t)
	for _, a := range []Augment{
		{Pad: 1, Flip: true},
		{Scale: [2]float64{0.3, 1}, Flip: true, Mixup: 0.4, Cutmix: 1},
	} {
		run := func(workers int, seed uint64) []byte {
			o := tinyOptions()
			o.Augment, o.Workers, o.Seed = a, workers, seed
			m, _ := train(t, tiny(t), tinySet(tinySamples), o)
			return marshal(t, m)
		}
		first := run(1, 3)
		if !bytes.Equal(first, run(4, 3)) {
			t.Errorf("%+v: another number of readers gave other bytes", a)
		}
		if bytes.Equal(first, run(1, 4)) {
			t.Errorf("%+v: another seed gave the same bytes", a)
		}
	}
}

// TestTrainDropsOut trains a network with Dropout, whose random numbers must
// be those of the seed and the step, also after a resume.
func TestTrainDropsOut(t *testing.T) {
	orttest.Need(t)
	m := apply(t, func(g *onnxio.Graph, p *onnxio.Patch) {
		head := g.Nodes()[len(g.Nodes())-1]
		p.Add(onnxio.NodeSpec{Op: "Dropout", Inputs: []string{head.Input(0)}, Outputs: []string{"dropped"}})
		p.SetInput(head, 0, "dropped")
	})
	o := tinyOptions()
	o.Checkpoint, o.Resume = t.TempDir()+"/run.onnx", true
	ctx, cancel := context.WithCancel(context.Background())
	o.Progress = func(p Progress) {
		if p.Step == 4 {
			cancel()
		}
	}
	if _, _, err := Train(ctx, m, tinySet(tinySamples), o); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	o.Progress = nil
	resumed, _ := train(t, m, tinySet(tinySamples), o)
	whole, h := train(t, m, tinySet(tinySamples), tinyOptions())
	if !bytes.Equal(marshal(t, whole), marshal(t, resumed)) {
		t.Error("the resumed run gave other bytes")
	}
	_, plain := train(t, tiny(t), tinySet(tinySamples), tinyOptions())
	if plain.Epochs[0].Loss == h.Epochs[0].Loss {
		t.Error("nothing was dropped")
	}
}

func TestTrainKeepsTheModel(t *testing.T) {
	orttest.Need(t)
	m := tiny(t)
	m.SetMeta("prunefuse.preprocess", "kept")
	before := marshal(t, m)
	out, _ := train(t, m, tinySet(tinySamples), tinyOptions())
	if !bytes.Equal(before, marshal(t, m)) {
		t.Error("the model given was changed")
	}
	if v, _ := out.Meta("prunefuse.preprocess"); v != "kept" || out.Opset("") != m.Opset("") || out.IRVersion() != m.IRVersion() {
		t.Error("metadata or versions were lost")
	}
	p := out.Graph.Edit()
	for _, c := range m.Graph.Initializers() {
		trained := out.Graph.Initializer(c.Name())
		if trained == nil {
			t.Fatalf("%s is gone", c.Name())
		}
		a, errA := c.Bytes()
		b, errB := trained.Bytes()
		if err := errors.Join(errA, errB); err != nil {
			t.Fatal(err)
		}
		if c.Elem() == onnxio.Float32 && bytes.Equal(a, b) {
			t.Errorf("%s did not change", c.Name())
		}
		p.SetInitializer(c)
	}
	if err := p.Apply(); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(before, marshal(t, out)) {
		t.Error("something besides the weights changed")
	}
}

func TestTrainFreezes(t *testing.T) {
	orttest.Need(t)
	m := tiny(t)
	o := tinyOptions()
	o.Step.Learn, o.Step.Freeze = []string{"fc.*", "layer1*"}, []string{"*conv*", "*bn*"}
	out, _ := train(t, m, tinySet(tinySamples), o)
	for _, c := range m.Graph.Initializers() {
		a, errA := c.Bytes()
		b, errB := out.Graph.Initializer(c.Name()).Bytes()
		if err := errors.Join(errA, errB); err != nil {
			t.Fatal(err)
		}
		learns := strings.HasPrefix(c.Name(), "fc.") || strings.Contains(c.Name(), "running")
		if learns == bytes.Equal(a, b) {
			t.Errorf("%s: changed is %v, want %v", c.Name(), !bytes.Equal(a, b), learns)
		}
	}
}

func TestTrainCountsBatches(t *testing.T) {
	orttest.Need(t)
	for _, c := range []struct {
		name           string
		batch          int
		drop           bool
		steps, samples int // of two epochs
	}{
		{"last batch is smaller", 8, false, 6, 40},
		{"last batch is left out", 8, true, 4, 32},
		{"batches fit", 5, false, 8, 40},
		{"batch is larger than the set", 64, true, 2, 40},
	} {
		o := tinyOptions()
		o.Batch, o.DropLast, o.Steps = c.batch, c.drop, 0
		var seen []Progress
		o.Progress = func(p Progress) { seen = append(seen, p) }
		o.OnStart = func(done, steps int) {
			if done != 0 || steps != c.steps || len(seen) != 0 {
				t.Errorf("%s: started with %d of %d steps done, after %d", c.name, done, steps, len(seen))
			}
		}
		_, h := train(t, tiny(t), tinySet(tinySamples), o)
		if h.Steps != c.steps || h.Samples != c.samples || len(h.Epochs) != 2 {
			t.Errorf("%s: %d steps, %d samples, %d epochs, want %d, %d, 2", c.name, h.Steps, h.Samples, len(h.Epochs), c.steps, c.samples)
		}
		last := seen[len(seen)-1]
		if len(seen) != c.steps || last.Step != c.steps || last.Steps != c.steps || last.Epoch != 2 || last.Epochs != 2 {
			t.Errorf("%s: last progress of %d is %+v", c.name, len(seen), last)
		}
	}
}
