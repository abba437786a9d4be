package config

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/training"
)

func TestReadConfig(t *testing.T) {
	t.Parallel()
	c, err := ReadConfig([]byte("data: demo\ntest: demo:test\nmodel: {arch: mlp}\nlabel: {initial: 10, add: [5]}\nfinal: {lr: 0.5}\n"))
	if err != nil {
		t.Fatal(err)
	}
	if c.Model.Arch != "mlp" || c.Label.Add[0] != 5 || c.Final.LR != 0.5 {
		t.Errorf("read %+v", c)
	}
	if c.Prune.Ratio != 0.5 || c.Label.Strategy != "margin" || c.Final.Momentum != 0.9 || c.Selector.LR != 0.1 {
		t.Errorf("what was left out is not the default: %+v", c)
	}
}

func TestRecipeFromConfig(t *testing.T) {
	t.Parallel()
	c, err := ReadConfig([]byte(`
data: demo
test: demo:test
model: {arch: mlp}
label: {initial: 10, add: [5]}
selector: {optimizer: adamw, beta2: 0.99, decay: weights, schedule: cosine, min_lr: 1e-5, warmup: 7, steps: 70, accumulate: 2, ema: 0.9, clip_norm: 1, freeze: [conv*]}
final: {nesterov: true, schedule: one-cycle, weight_decay: 0, clip_value: 2, train: [fc*], label_smoothing: 0.1, resized_crop: [0.3, 1], mixup: 0.2}
`))
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name      string
		got, want training.Options
	}{
		{"selector", c.Selector.Options(), training.Options{
			Batch: 128, Epochs: 20, Steps: 70, Accumulate: 2, Warmup: 7, Schedule: training.Cosine{Rate: 1e-3, Floor: 1e-5},
			Step: training.StepOptions{
				Optimizer: training.AdamW{Beta2: 0.99, WeightDecay: 0.01}, Decay: training.DecayWeights, Average: 0.9,
				Clip: training.Clip{Norm: 1}, Freeze: []string{"conv*"},
			},
		}},
		{"final", c.Final.Options(), training.Options{
			Batch: 128, Epochs: 20, Accumulate: 1, Schedule: training.OneCycle{Rate: 0.1},
			Augment: training.Augment{Scale: [2]float64{0.3, 1}, Mixup: 0.2},
			Step: training.StepOptions{
				Optimizer: training.SGD{Momentum: 0.9, Nesterov: true}, Decay: training.DecayAll,
				Clip: training.Clip{Value: 2}, Learn: []string{"fc*"}, Loss: training.Loss{Smoothing: 0.1},
			},
		}},
	} {
		if !reflect.DeepEqual(tc.got, tc.want) {
			t.Errorf("%s: options %+v, want %+v", tc.name, tc.got, tc.want)
		}
	}
}

func TestReadConfigErrors(t *testing.T) {
	t.Parallel()
	const base = "data: demo\ntest: demo:test\nmodel: {arch: mlp}\nlabel: {initial: 10, add: [5]}\n"
	for _, tc := range []struct{ name, yaml, want string }{
		{"unknown key", base + "epochz: 3\n", "epochz"},
		{"wrong type", base + "seed: many\n", "Seed"},
		{"no data", "test: x\nmodel: {arch: mlp}\nlabel: {initial: 1, add: [1]}\n", "data is not set"},
		{"no rounds", "data: x\ntest: x\nmodel: {arch: mlp}\nlabel: {initial: 1}\n", "label.add is empty"},
		{"two models", "data: x\ntest: x\nmodel: {arch: mlp, file: a.onnx}\nlabel: {initial: 1, add: [1]}\n", "either arch or file"},
		{"ratio", base + "prune: {ratio: 1}\n", "prune.ratio 1"},
		{"strategy", "data: x\ntest: x\nmodel: {arch: mlp}\nlabel: {initial: 1, add: [1], strategy: best}\n", `"best"`},
		{"strategy of labelled data", "data: x\ntest: x\nmodel: {arch: mlp}\nlabel: {initial: 1, add: [1], strategy: ccs}\n", "labels are known"},
		{"opinions", "data: x\ntest: x\nmodel: {arch: mlp}\nlabel: {initial: 1, add: [1], strategy: bald}\n", "several opinions"},
		{"measure", "data: x\ntest: x\nmodel: {arch: mlp}\nlabel: {initial: 1, add: [1], strategy: badge, measure: margin}\n", "measure of choice"},
		{"parameter", "data: x\ntest: x\nmodel: {arch: mlp}\nlabel: {initial: 1, add: [1], strategy: power, params: {beta: 1}}\n", "only temperature"},
		{"criterion", base + "prune: {ratio: 0.5, criterion: size}\n", `"size"`},
		{"criterion with data", base + "prune: {ratio: 0.5, criterion: taylor}\n", "prune.criterion taylor needs data"},
		{"rest", base + "fuse: {rest: ones}\n", `"ones"`},
		{"compare", base + "compare: [sparse]\n", `"sparse"`},
		{"milestones", base + "final: {milestones: [0.7, 0.2]}\n", "ascending"},
		{"batch", base + "selector: {batch: 0}\n", "selector.batch 0"},
		{"length", base + "selector: {epochs: 0}\n", "selector.epochs is 0: set it or selector.steps"},
		{"optimizer", base + "final: {optimizer: lion}\n", `final.optimizer "lion": want sgd, adam or adamw`},
		{"beta of sgd", base + "final: {beta1: 0.5}\n", "final.beta1 is for adam"},
		{"nesterov", base + "final: {optimizer: adam, nesterov: true}\n", "final.nesterov is for sgd"},
		{"rate", base + "final: {lr: 0}\n", "final.lr 0"},
		{"schedule", base + "final: {schedule: sine}\n", "step, constant, cosine, linear or one-cycle"},
		{"least rate", base + "final: {schedule: cosine, min_lr: 1}\n", "final.min_lr 1"},
		{"warm-up", base + "final: {schedule: linear, warmup: 9, steps: 9}\n", "final.warmup 9"},
		{"clip", base + "final: {clip_norm: 1, clip_value: 1}\n", "final.clip_norm and final.clip_value"},
		{"average", base + "final: {ema: 1}\n", "final.ema 1"},
		{"smoothing", base + "final: {label_smoothing: 1}\n", "final.label_smoothing 1"},
		{"mixup", base + "final: {mixup: -1}\n", "final.mixup -1"},
		{"cutmix", base + "final: {cutmix: .inf}\n", "final.cutmix +Inf"},
		{"resized crop", base + "final: {resized_crop: [0.5]}\n", "final.resized_crop [0.5]: want two"},
		{"two crops", base + "final: {resized_crop: [0.5, 1], crop: 4}\n", "final.resized_crop and final.crop"},
		{"pattern", base + "final: {freeze: ['[']}\n", `final.freeze "[" is no pattern`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, err := ReadConfig([]byte(tc.yaml))
			var bad *ConfigError
			if !errors.As(err, &bad) || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %v, want one line of a *ConfigError with %q", err, tc.want)
			}
		})
	}
}

func TestExampleConfigs(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("examples/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ReadConfig(b); err != nil {
			t.Errorf("%s: %v", f, err)
		}
	}
	if err := DemoConfig().Check(); err != nil {
		t.Error(err)
	}
}
