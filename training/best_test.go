package training

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/ort"
	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
)

// overfitting are options under which a validation on other noise gets worse
// sooner or later.
func overfitting(dir string) Options {
	return Options{
		Batch: 8, Schedule: Phases{{60, 0.1}}, Validation: noise(8, 12, 4, 5), Patience: 4,
		Best: filepath.Join(dir, "best.onnx"),
		Step: StepOptions{Optimizer: SGD{Momentum: 0.9}, Session: ort.SessionOptions{Threads: 1}},
	}
}

func TestEarlyStopping(t *testing.T) {
	orttest.Need(t)
	for _, monitor := range []Monitor{"", MonitorAccuracy} {
		o := overfitting(t.TempDir())
		o.Monitor = monitor
		m, h := train(t, twoLayers(1, 5, 16, 4), noise(7, 16, 4, 5), o)
		best := h.Epochs[h.Best-1].Validation
		if !h.Stopped || len(h.Epochs) != h.Best+o.Patience || len(h.Epochs) >= 60 || h.Steps != 2*len(h.Epochs) {
			t.Fatalf("%q: stopped is %v after %d epochs and %d steps, the best was %d", monitor, h.Stopped, len(h.Epochs), h.Steps, h.Best)
		}
		for i, e := range h.Epochs {
			better := monitor.better(e.Validation, best)
			if better || i < h.Best-1 && !monitor.better(best, e.Validation) {
				t.Errorf("%q: epoch %d with %+v, the best with %+v", monitor, i+1, *e.Validation, *best)
			}
		}
		kept, err := onnxio.Load(o.Best)
		if err != nil {
			t.Fatal(err)
		}
		for of, m := range map[int]*onnxio.Model{h.Best: kept, len(h.Epochs): m} {
			e, err := Evaluate(context.Background(), m, o.Validation, EvalOptions{Batch: o.Batch, Session: o.Step.Session})
			if err != nil {
				t.Fatal(err)
			}
			if want := h.Epochs[of-1].Validation; e.Loss != want.Loss || e.Accuracy != want.Accuracy {
				t.Errorf("%q: the model of epoch %d evaluates to %v, %v, want %+v", monitor, of, e.Loss, e.Accuracy, *want)
			}
		}
	}
}

// A run that is killed stops where it would have, with the same best.
func TestEarlyStoppingResumes(t *testing.T) {
	orttest.Need(t)
	set, start := noise(7, 16, 4, 5), twoLayers(1, 5, 16, 4)
	o := overfitting(t.TempDir())
	whole, h := train(t, start, set, o)
	want, err := os.ReadFile(o.Best)
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []int{2*h.Best - 1, 2 * h.Best, 2*h.Best + 3} {
		o := overfitting(t.TempDir())
		o.Checkpoint, o.Resume = filepath.Join(t.TempDir(), "run.onnx"), true
		ctx, cancel := context.WithCancel(context.Background())
		stopped := o
		stopped.Progress = func(p Progress) {
			if p.Step == at {
				cancel()
			}
		}
		if _, _, err := Train(ctx, start, set, stopped); err == nil {
			t.Fatal("was not stopped")
		}
		for range 2 { // the second finds it over
			m, got := train(t, start, set, o)
			if !bytes.Equal(marshal(t, m), marshal(t, whole)) || got.Best != h.Best || !got.Stopped || got.Steps != h.Steps {
				t.Errorf("killed after step %d: %d steps, best %d, stopped %v, want %d, %d", at, got.Steps, got.Best, got.Stopped, h.Steps, h.Best)
			}
		}
		if best, err := os.ReadFile(o.Best); err != nil || !bytes.Equal(best, want) {
			t.Errorf("killed after step %d: the best model is another (%v)", at, err)
		}
		o.Patience = 0
		if _, all := train(t, start, set, o); all.Stopped || len(all.Epochs) != 60 {
			t.Errorf("without patience it goes on to %d epochs, stopped %v", len(all.Epochs), all.Stopped)
		}
	}
}

func TestMonitorRefuses(t *testing.T) {
	orttest.Need(t)
	for want, f := range map[string]func(*Options){
		`monitor "f1"`:           func(o *Options) { o.Monitor = "f1" },
		"a patience of -1":       func(o *Options) { o.Patience = -1 },
		"give a validation set":  func(o *Options) { o.Validation = nil },
		"write the best model: ": func(o *Options) { o.Best = filepath.Join(o.Best, "no", "such") },
	} {
		o := overfitting(t.TempDir())
		f(&o)
		if _, _, err := Train(context.Background(), twoLayers(1, 5, 16, 4), noise(7, 16, 4, 5), o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q in it", err, want)
		}
	}
}
