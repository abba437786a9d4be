package prunefuse

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
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
		{"criterion", base + "prune: {ratio: 0.5, criterion: size}\n", `"size"`},
		{"criterion with data", base + "prune: {ratio: 0.5, criterion: taylor}\n", "prune.criterion taylor needs data"},
		{"rest", base + "fuse: {rest: ones}\n", `"ones"`},
		{"compare", base + "compare: [sparse]\n", `"sparse"`},
		{"milestones", base + "final: {milestones: [0.7, 0.2]}\n", "ascending"},
		{"batch", base + "selector: {batch: 0}\n", "selector.batch 0"},
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
