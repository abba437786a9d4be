package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
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
		{"wrong type", base + "seed: many\n", "[5:7] many"},
		{"fraction of a step", base + "selector: {steps: 2.7}\n", "[5:19] 2.7 is not a whole number"},
		{"seed of too many bits", base + "seed: 18446744073709551616\n", "[5:7] 18446744073709551616 is not a whole number"},
		{"text for a number", base + "limit: '12'\n", "[5:8]"},
		{"not a number", base + "final: {lr: .nan}\n", "[5:13] .nan is not a number"},
		{"not a number by an alias", base + "selector: &r {lr: .nan}\nfinal: *r\n", ".nan is not a number"},
		{"second document", base + "---\ndata: x\n", "[6:5] there is a second document"},
		{"aliases without end", laughs(), "aliases make more than"},
		{"labels beyond counting", "data: x\ntest: x\nmodel: {arch: mlp}\nlabel: {initial: 9223372036854775807, add: [1]}\n", "label.initial 9223372036854775807"},
		{"consensus without people", crewed(`consensus: last`, "pool"), "label.consensus and label.overlap are for label.from: people"},
		{"consensus", crewed(`consensus: best`, "people"), `label.consensus "best": want last, majority or dawid-skene`},
		{"two ways", crewed(`consensus: dawid-skene, disagreement: majority`, "people"), "beside a consensus want refuse or skip"},
		{"overlap", crewed(`overlap: 110%`, "people"), "label.overlap 1.1"},
		{"unknown key within", base + "selector:\n  lr: 0.1\n  epochz: 3\n", `[7:3] unknown field "epochz"`},
		{"arm", base + "arms: [prunefuse, best]\n", `arms: "best" is none of prunefuse, scratch, dense, proxy, random`},
		{"arm twice", base + "arms: [prunefuse, dense, dense]\n", "dense is named twice"},
		{"no method", base + "arms: [dense]\n", "prunefuse is not among them"},
		{"no proxy", base + "arms: [prunefuse, proxy]\n", "proxy.arch is not set"},
		{"proxy unused", base + "proxy: {arch: mlp}\n", "proxy is for the arm proxy"},
		{"arms twice", base + "arms: [prunefuse]\ncompare: []\n", "compare is the older spelling of arms"},
		{"phases and epochs", base + "final: {phases: [{epochs: 1, lr: 1}], epochs: 3}\n", "final.phases and final.epochs exclude each other"},
		{"phase without rate", base + "final: {phases: [{epochs: 1}]}\n", "final.phases [0].lr 0"},
		{"start", base + "selector: {start: hot}\n", `selector.start "hot"`},
		{"no teacher", base + "final: {distill: {weight: 0.5}}\n", "final.distill.from is not set"},
		{"weight of a teacher", base + "final: {distill: {from: selector, weight: 2}}\n", "final.distill.weight 2"},
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
			var bad *Error
			if !errors.As(err, &bad) || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %v, want one line of a *Error with %q", err, tc.want)
			}
		})
	}
}

// laughs is a small file whose aliases stand for 2·8⁹ values.
func laughs() string {
	var b strings.Builder
	b.WriteString("x0: &x0 [a, a]\n")
	for i := range 9 {
		fmt.Fprintf(&b, "x%d: &x%d [%s]\n", i+1, i+1, strings.Repeat(fmt.Sprintf("*x%d,", i), 8))
	}
	b.WriteString("compare: *x9\n")
	return b.String()
}

func TestCompareIsArms(t *testing.T) {
	t.Parallel()
	const base = "data: demo\ntest: demo:test\nmodel: {arch: mlp}\nlabel: {initial: 10, add: [5]}\n"
	for text, want := range map[string][]string{
		"":                           {"prunefuse", "scratch", "random"},
		"compare: []\n":              {"prunefuse"},
		"compare: [dense]\n":         {"prunefuse", "scratch"},
		"compare: [random, dense]\n": {"prunefuse", "random", "scratch"},
		"arms: [prunefuse, dense]\n": {"prunefuse", "dense"},
	} {
		c, err := ReadConfig([]byte(base + text))
		if err != nil || !slices.Equal(c.Arms, want) {
			t.Errorf("%q: arms %q, %v; want %q", text, c.Arms, err, want)
		}
	}
}

// The recipe of the paper: 181 epochs in four phases.
func TestPaperRecipe(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("../../examples/paper-cifar10.yaml")
	if err != nil {
		t.Fatal(err)
	}
	c, err := ReadConfig(b)
	if err != nil {
		t.Fatal(err)
	}
	for name, recipe := range map[string]Training{"selector": c.Selector.Training, "final": c.Final.Training} {
		o := recipe.Options()
		if want := (training.Phases{{Epochs: 1, Rate: 0.01}, {Epochs: 90, Rate: 0.1}, {Epochs: 45, Rate: 0.01}, {Epochs: 45, Rate: 0.001}}); !reflect.DeepEqual(o.Schedule, want) {
			t.Errorf("%s: schedule %v, want %v", name, o.Schedule, want)
		}
		if want := (training.SGD{Momentum: 0.9, WeightDecay: 5e-4}); o.Step.Optimizer != want || o.Batch != 128 || o.Epochs != 0 || o.Steps != 0 {
			t.Errorf("%s: %+v", name, o)
		}
		if o.Augment.Pad != 4 || !o.Augment.Flip {
			t.Errorf("%s: augmentation %+v", name, o.Augment)
		}
	}
	if got, want := c.Labels(), []int{1000, 5000, 10000, 15000, 20000, 25000}; !slices.Equal(got, want) {
		t.Errorf("labels %v, want %v", got, want)
	}
	if c.Prune.Ratio != 0.5 || c.Model.Arch != "preresnet56" || c.Fuse.Rest != "reinit" || c.Final.Distill == nil {
		t.Errorf("read %+v", c)
	}
}

func TestExampleConfigs(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../examples/*.yaml")
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

// crewed is a configuration with keys of the section label, and who labels.
func crewed(keys, from string) string {
	return "data: x\ntest: x\nmodel: {arch: mlp}\nlabel: {initial: 1, add: [1], from: " + from + ", " + keys + "}\n"
}

func TestDecision(t *testing.T) {
	t.Parallel()
	for keys, want := range map[string]string{
		"skip: x":            "majority false",
		"disagreement: skip": "skip false",
		"disagreement: last": "last false",
		"consensus: dawid-skene, disagreement: skip": "dawid-skene true",
		"consensus: last, disagreement: refuse":      "last false",
	} {
		c, err := ReadConfig([]byte(crewed(keys, "people")))
		if err != nil {
			t.Fatal(err)
		}
		if way, skip := c.Label.Decision(); fmt.Sprint(way, " ", skip) != want {
			t.Errorf("%s: %v %v, want %s", keys, way, skip, want)
		}
	}
}
