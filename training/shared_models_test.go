package training

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
)

// sharedClassifiers are the files that hold a float32 classifier of one input.
var sharedClassifiers = []string{
	"convnet-cifar10.onnx", "minifasnet-v1se.onnx", "mobilefacenet.onnx", "resnet20-cifar10.onnx", "resnet3b2-cifar10.onnx",
	"speech-recog-squeezenet.onnx", "vit-pgd-2-3-16-cifar10.onnx",
}

// TestSharedModels takes steps of inference graphs as others exported them,
// folded and with a fixed batch for the most part. What is not trained is
// refused in one line, before anything runs.
func TestSharedModels(t *testing.T) {
	orttest.Need(t)
	files, err := filepath.Glob("../../shared/models/*.onnx")
	if err != nil || len(files) == 0 {
		t.Skip("needs the models in ../shared/models")
	}
	for _, f := range files {
		t.Run(filepath.Base(f), func(t *testing.T) {
			m, err := onnxio.Load(f)
			if err != nil {
				t.Fatal(err)
			}
			step, err := NewStep(m, StepOptions{Optimizer: SGD{Momentum: 0.9}})
			trains := slices.Contains(sharedClassifiers, filepath.Base(f))
			switch {
			case err != nil && trains:
				t.Fatal(err)
			case err != nil:
				if why, ok := strings.CutPrefix(err.Error(), "prepare training: "); !ok || why == "" || strings.Contains(why, "\n") {
					t.Errorf("refused with %q", err)
				}
				return
			}
			defer step.Close()
			twice(t, step)
		})
	}
}

// twice takes two steps on two samples of noise.
func twice(t *testing.T, step *Step) {
	t.Helper()
	b, err := step.NewBatch(2)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	set := noise(1, 2, step.Classes(), step.Sample()...)
	for i, x := range set.x {
		copy(b.Samples()[i*len(x):], x)
		b.SetLabel(i, set.labels[i])
	}
	var losses [2]float32
	for i := range losses {
		if losses[i], err = step.Run(t.Context(), b, 1e-4); err != nil {
			t.Fatal(err)
		}
	}
	if !finite(losses[0]) || !finite(losses[1]) || losses[0] == losses[1] {
		t.Errorf("losses %v", losses)
	}
}
