package training

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
)

// TestResumeGivesTheSameBytes stops runs in the middle of an epoch, after the
// last step of one before it is validated, and at the end, and goes on from
// what they left.
func TestResumeGivesTheSameBytes(t *testing.T) {
	orttest.Need(t)
	for _, step := range []int{1, 5, 6, 10} {
		testResume(t, step)
	}
}

func testResume(t *testing.T, step int) {
	base := tinyOptions()
	base.Validation = tinySet(5)
	base.Augment.Mixup, base.Augment.Cutmix = 0.4, 1
	whole, h := train(t, tiny(t), tinySet(tinySamples), base)
	want := marshal(t, whole)

	o := base
	o.Checkpoint, o.Resume = filepath.Join(t.TempDir(), "run.onnx"), true
	ctx, cancel := context.WithCancel(context.Background())
	o.Progress = func(p Progress) {
		if p.Step == step {
			cancel()
		}
	}
	_, part, err := Train(ctx, tiny(t), tinySet(tinySamples), o)
	if !errors.Is(err, context.Canceled) || part.Steps != step {
		t.Fatalf("stopped with %v after %d steps, want cancelled after %d", err, part.Steps, step)
	}
	o.Progress = nil
	started := -1
	o.OnStart = func(done, _ int) { started = done }
	resumed, rest := train(t, tiny(t), tinySet(tinySamples), o)
	if !bytes.Equal(want, marshal(t, resumed)) {
		t.Errorf("stopped after %d steps, the resumed run gave other bytes", step)
	}
	if started != step {
		t.Errorf("went on after %d steps, want %d", started, step)
	}
	if rest.Steps != h.Steps || rest.Samples != h.Samples || len(rest.Epochs) != len(h.Epochs) {
		t.Errorf("history %+v, want the counts of %+v", rest, h)
	}
	for i, e := range rest.Epochs {
		w := h.Epochs[i]
		if e.Loss != w.Loss || e.Train != w.Train || e.Steps != w.Steps || e.Validation.Loss != w.Validation.Loss {
			t.Errorf("epoch %d: %+v, want %+v", i+1, e, w)
		}
	}
}

// TestResumeOfEveryKind stops runs of every optimiser, also within a step and
// after an epoch's last one, which is of fewer batches, twice each.
func TestResumeOfEveryKind(t *testing.T) {
	orttest.Need(t)
	for _, opt := range []Optimizer{SGD{Momentum: 0.9, WeightDecay: 1e-3, Nesterov: true}, Adam{WeightDecay: 1e-3}, AdamW{WeightDecay: 0.1}} {
		for _, accumulate := range []int{1, 2} {
			for _, average := range []float64{0, 0.9} {
				name := fmt.Sprintf("%s %+v of %d batches, average %v", opt.Name(), opt, accumulate, average)
				o := tinyOptions()
				// Five batches an epoch; nine in all.
				o.Batch, o.Accumulate, o.Steps = 4, accumulate, map[int]int{1: 9, 2: 5}[accumulate]
				o.Schedule, o.Warmup = OneCycle{Rate: 0.01}, 1
				o.Step.Optimizer, o.Step.Average, o.Step.Clip = opt, average, Clip{Norm: 1}
				whole, h := train(t, tiny(t), tinySet(tinySamples), o)
				o.Checkpoint, o.Resume = filepath.Join(t.TempDir(), "run.onnx"), true
				for _, batches := range []int{1, 5} {
					stopAfter(t, o, batches)
				}
				resumed, rest := train(t, tiny(t), tinySet(tinySamples), o)
				if !bytes.Equal(marshal(t, whole), marshal(t, resumed)) {
					t.Errorf("%s: the resumed run gave other bytes", name)
				}
				if rest.Steps != o.Steps || rest.Samples != 36 || rest.Epochs[1].Loss != h.Epochs[1].Loss {
					t.Errorf("%s: history %+v, want the counts of %+v", name, rest, h)
				}
			}
		}
	}
}

// stopAfter does what a run does whose context ends after so many batches,
// those of runs before it counted.
func stopAfter(t *testing.T, o Options, batches int) {
	t.Helper()
	r, err := newTrainer(tiny(t), tinySet(tinySamples), o)
	if err != nil {
		t.Fatal(err)
	}
	defer r.step.Close()
	f, err := r.newFeed()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	fed := make(chan error, 1)
	go func() { fed <- f.run(ctx) }()
	for r.batches < batches {
		b := <-f.out
		if err := errors.Join(r.pause(ctx), r.take(ctx, b, time.Now(), 0)); err != nil {
			t.Fatal(err)
		}
		f.give(b)
	}
	cancel()
	if err := <-fed; err != nil && !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	f.close()
	if err := r.save(); err != nil {
		t.Fatal(err)
	}
}

// TestResumeAfterKill goes on from a checkpoint that is some steps old.
func TestResumeAfterKill(t *testing.T) {
	orttest.Need(t)
	dir := t.TempDir()
	o := tinyOptions()
	o.Checkpoint, o.Every = filepath.Join(dir, "run.onnx"), 3
	var old []byte
	o.Progress = func(p Progress) {
		if p.Step == 8 {
			var err error
			if old, err = os.ReadFile(o.Checkpoint); err != nil {
				t.Error(err)
			}
		}
	}
	whole, _ := train(t, tiny(t), tinySet(tinySamples), o)
	if err := os.WriteFile(o.Checkpoint, old, 0o600); err != nil {
		t.Fatal(err)
	}
	o.Progress, o.Resume = nil, true
	first := 0
	o.Progress = func(p Progress) {
		if first == 0 {
			first = p.Step
		}
	}
	resumed, _ := train(t, tiny(t), tinySet(tinySamples), o)
	if first != 7 {
		t.Errorf("resumed at step %d, want 7", first)
	}
	if !bytes.Equal(marshal(t, whole), marshal(t, resumed)) {
		t.Error("the resumed run gave other bytes")
	}
	if left, err := filepath.Glob(filepath.Join(dir, ".*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestCheckpointIsAModel(t *testing.T) {
	orttest.Need(t)
	o := tinyOptions()
	o.Checkpoint = filepath.Join(t.TempDir(), "run.onnx")
	m, _ := train(t, tiny(t), tinySet(tinySamples), o)
	c, err := onnxio.Load(o.Checkpoint)
	if err != nil {
		t.Fatal(err)
	}
	var loss [2]float64
	for i, m := range []*onnxio.Model{m, c} {
		e, err := Evaluate(context.Background(), m, tinySet(tinySamples), EvalOptions{})
		if err != nil {
			t.Fatal(err)
		}
		loss[i] = e.Loss
	}
	if loss[0] != loss[1] {
		t.Errorf("loss %v from the model, %v from the checkpoint", loss[0], loss[1])
	}
}

func TestResumeRefuses(t *testing.T) {
	orttest.Need(t)
	dir := t.TempDir()
	good := tinyOptions()
	good.Checkpoint = filepath.Join(dir, "run.onnx")
	train(t, tiny(t), tinySet(tinySamples), good)
	plain := filepath.Join(dir, "plain.onnx")
	if err := tiny(t).Save(plain, onnxio.SaveOptions{}); err != nil {
		t.Fatal(err)
	}
	text := filepath.Join(dir, "text.onnx")
	if err := os.WriteFile(text, []byte("not a model"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		n    int
		o    func(*Options)
		want string
	}{
		{"another seed", tinySamples, func(o *Options) { o.Seed++ }, "another seed"},
		{"another batch", tinySamples, func(o *Options) { o.Batch++ }, "another batch"},
		{"another optimizer", tinySamples, func(o *Options) { o.Step.Optimizer = SGD{WeightDecay: 1e-3} }, "another optimizer"},
		{"another kind of optimizer", tinySamples, func(o *Options) { o.Step.Optimizer = Adam{} }, "another optimizer"},
		{"another clip", tinySamples, func(o *Options) { o.Step.Clip.Norm = 1 }, "another clipping"},
		{"another average", tinySamples, func(o *Options) { o.Step.Average = 0.5 }, "another moving_average"},
		{"other accumulation", tinySamples, func(o *Options) { o.Accumulate = 2 }, "another accumulation"},
		{"other frozen weights", tinySamples, func(o *Options) { o.Step.Freeze = []string{"fc*"} }, "another freeze_pattern"},
		{"another decay", tinySamples, func(o *Options) { o.Step.Decay = DecayWeights }, "another decay"},
		{"another set", tinySamples + 1, func(*Options) {}, "another samples"},
		{"a shorter run", tinySamples, func(o *Options) { o.Steps = 9 }, "at step 10 and this run has 9"},
		{"a model", tinySamples, func(o *Options) { o.Checkpoint = plain }, "no checkpoint"},
		{"a text", tinySamples, func(o *Options) { o.Checkpoint = text }, "text.onnx"},
	} {
		o := good
		o.Resume = true
		c.o(&o)
		_, _, err := Train(context.Background(), tiny(t), tinySet(c.n), o)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q in it", c.name, err, c.want)
		}
	}
}
