package training

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/prunefuse/prunefuse/models"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
)

// torchPython returns the interpreter that has torch, or the test is skipped.
func torchPython(t *testing.T) string {
	for _, name := range []string{"/usr/bin/python3", "python3"} {
		path, err := exec.LookPath(name)
		if err == nil && exec.Command(path, "-c", "import numpy, torch").Run() == nil {
			return path
		}
	}
	t.Skip("no python3 with torch and numpy (Debian: python3-torch)")
	return ""
}

// torchRun is what testdata/resnet_steps.py is told.
type torchRun struct {
	Depth      int            `json:"depth"`
	Width      int            `json:"width"`
	Input      [3]int         `json:"input"`
	Classes    int            `json:"classes"`
	Batch      int            `json:"batch"`
	Steps      int            `json:"steps"`
	Accumulate int            `json:"accumulate"` // batches a step
	Rate       float32        `json:"rate"`
	Optimizer  string         `json:"optimizer"` // of torch.optim
	Settings   map[string]any `json:"settings"`
	Spare      bool           `json:"spare"` // biases and normalisations, from weight decay
	ClipNorm   float32        `json:"clip_norm"`
	Tensors    []torchTensor  `json:"tensors"`
}

type torchTensor struct {
	Name  string  `json:"name"`
	Shape []int64 `json:"shape"`
}

// Both round every sum in another order. The losses then stay within 1e-5 of
// each other (2e-7 in most steps), weights and running statistics within 2e-5,
// until an activation that is zero but for rounding falls on the other side of
// a ReLU, which changes the gradient by a step. So it takes one of a few runs
// to follow to the end.
const (
	torchLossTolerance   = 1e-5
	torchWeightTolerance = 2e-5
	torchRuns            = 4
)

func TestResNet20FollowsPyTorch(t *testing.T) {
	orttest.Need(t)
	run := torchRun{
		Depth: 20, Width: 16, Input: [3]int{3, 8, 8}, Classes: 10, Batch: 8, Steps: 6, Accumulate: 1,
		Rate: 0.05, Optimizer: "SGD", Settings: map[string]any{"momentum": 0.9, "weight_decay": 5e-4},
	}
	followPyTorch(t, torchPython(t), "resnet20", run, StepOptions{Optimizer: SGD{Momentum: 0.9, WeightDecay: 5e-4}})
}

func TestOptimizersFollowPyTorch(t *testing.T) {
	orttest.Need(t)
	python := torchPython(t)
	weighted := map[string]any{"weight_decay": 5e-4}
	for _, c := range []struct {
		name string
		o    StepOptions
		run  torchRun
	}{
		{"plain", StepOptions{}, torchRun{Optimizer: "SGD", Rate: 0.05}},
		{
			"momentum",
			StepOptions{Optimizer: SGD{Momentum: 0.9, WeightDecay: 5e-4}},
			torchRun{Optimizer: "SGD", Rate: 0.05, Settings: map[string]any{"momentum": 0.9, "weight_decay": 5e-4}},
		},
		{
			"nesterov",
			StepOptions{Optimizer: SGD{Momentum: 0.9, Nesterov: true}},
			torchRun{Optimizer: "SGD", Rate: 0.05, Settings: map[string]any{"momentum": 0.9, "nesterov": true}},
		},
		{"adam", StepOptions{Optimizer: Adam{WeightDecay: 5e-4}}, torchRun{Optimizer: "Adam", Rate: 1e-3, Settings: weighted}},
		{
			"adamw",
			StepOptions{Optimizer: AdamW{Beta2: 0.99, Epsilon: 1e-6, WeightDecay: 0.05}},
			torchRun{Optimizer: "AdamW", Rate: 1e-3, Settings: map[string]any{"betas": []float64{0.9, 0.99}, "eps": 1e-6, "weight_decay": 0.05}},
		},
		{
			"two batches a step",
			StepOptions{Optimizer: AdamW{Epsilon: 1e-5, WeightDecay: 0.1}, Decay: DecayWeights, Clip: Clip{Norm: 1}, Accumulate: true},
			torchRun{Optimizer: "AdamW", Rate: 1e-3, Settings: map[string]any{"eps": 1e-5, "weight_decay": 0.1}, Spare: true, ClipNorm: 1, Accumulate: 2},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.run.Depth, c.run.Width, c.run.Input, c.run.Classes, c.run.Batch = 8, 16, [3]int{3, 8, 8}, 10, 16
			c.run.Accumulate = max(c.run.Accumulate, 1)
			c.run.Steps = 20 / c.run.Accumulate
			if c.run.Settings == nil {
				c.run.Settings = map[string]any{}
			}
			followPyTorch(t, python, "resnet8", c.run, c.o)
		})
	}
}

// followPyTorch takes the steps of a run here and there.
func followPyTorch(t *testing.T, python, arch string, run torchRun, o StepOptions) {
	for seed := range uint64(torchRuns) {
		m, err := models.Build(arch, models.Options{Input: run.Input, Classes: run.Classes, Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		run.Tensors = nil
		for _, c := range m.Graph.Initializers() {
			run.Tensors = append(run.Tensors, torchTensor{c.Name(), c.Dims()})
		}
		set := noise(seed, run.Batch*run.Steps*run.Accumulate, run.Classes, run.Input[:]...)
		ours, trained := stepsOf(t, m, run, o, set)
		theirs, weights := torchSteps(t, python, m, run, set)
		if follows(t, ours, theirs) && sameWeights(t, trained, weights) {
			return
		}
	}
	t.Errorf("none of %d runs followed PyTorch's", torchRuns)
}

func follows(t *testing.T, ours []float32, theirs []float64) bool {
	for i, want := range theirs {
		if d := math.Abs(float64(ours[i]) - want); !(d <= torchLossTolerance) {
			t.Logf("step %d: loss %v, PyTorch %v", i+1, ours[i], want)
			return false
		}
	}
	return true
}

// sameWeights compares the initializers with values in their order.
func sameWeights(t *testing.T, m *onnxio.Model, weights []float32) bool {
	for _, c := range m.Graph.Initializers() {
		got, err := c.Floats()
		if err != nil {
			t.Fatal(err)
		}
		worst := 0.0
		for i, v := range got {
			worst = max(worst, math.Abs(float64(v-weights[i])))
		}
		weights = weights[len(got):]
		if !(worst <= torchWeightTolerance) {
			t.Logf("%s: differs from PyTorch's by up to %v", c.Name(), worst)
			return false
		}
	}
	return true
}

// stepsOf takes the steps of a run here.
func stepsOf(t *testing.T, m *onnxio.Model, run torchRun, o StepOptions, set *samples) ([]float32, *onnxio.Model) {
	step, err := NewStep(m, o)
	if err != nil {
		t.Fatal(err)
	}
	defer step.Close()
	b, err := step.NewBatch(run.Batch)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	var losses []float32
	for k := range run.Steps * run.Accumulate {
		for i := range run.Batch {
			copy(b.Samples()[i*size(set.shape):], set.x[k*run.Batch+i])
			b.SetLabel(i, set.labels[k*run.Batch+i])
		}
		take := func() (float32, error) { return step.Run(context.Background(), b, run.Rate) }
		if (k+1)%run.Accumulate != 0 {
			take = func() (float32, error) { return step.Accumulate(context.Background(), b) }
		}
		loss, err := take()
		if err != nil {
			t.Fatal(err)
		}
		losses = append(losses, loss)
	}
	trained, err := step.Model()
	if err != nil {
		t.Fatal(err)
	}
	return losses, trained
}

// torchSteps takes them in PyTorch. The weights come back in the order of the
// initializers.
func torchSteps(t *testing.T, python string, m *onnxio.Model, run torchRun, set *samples) (losses []float64, weights []float32) {
	dir := t.TempDir()
	write := func(name string, b []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	spec, err := json.Marshal(run)
	if err != nil {
		t.Fatal(err)
	}
	var w, x, y bytes.Buffer
	for _, c := range m.Graph.Initializers() {
		b, err := c.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		w.Write(b)
	}
	for i, v := range set.x {
		if err := binary.Write(&x, binary.NativeEndian, v); err != nil {
			t.Fatal(err)
		}
		if err := binary.Write(&y, binary.NativeEndian, int64(set.labels[i])); err != nil {
			t.Fatal(err)
		}
	}
	write("run.json", spec)
	write("weights.bin", w.Bytes())
	write("x.bin", x.Bytes())
	write("y.bin", y.Bytes())
	cmd := exec.Command(python, "-B", "testdata/resnet_steps.py", dir)
	cmd.Env = append(os.Environ(), "PYTHONPATH=../internal/torchpeer")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("PyTorch: %v\n%s", err, stderr.String())
	}
	if err := json.Unmarshal(out, &losses); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(filepath.Join(dir, "trained.bin"))
	if err != nil {
		t.Fatal(err)
	}
	weights = make([]float32, len(raw)/4)
	if err := binary.Read(bytes.NewReader(raw), binary.NativeEndian, weights); err != nil {
		t.Fatal(err)
	}
	return losses, weights
}
