package loop_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/internal/report"
	"github.com/prunefuse/prunefuse/loop"
	"github.com/prunefuse/prunefuse/loop/config"
	"github.com/prunefuse/prunefuse/onnxio/ort"
	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
)

// small is a run of two selections that takes seconds.
func small() config.Config {
	c := config.DemoConfig()
	c.Limit = 400
	c.Model = config.Network{Arch: "resnet8", Width: 0.25}
	c.Label = config.Label{Initial: 40, Add: []int{20, 30}, Strategy: "margin"}
	c.Selector.Steps, c.Final.Steps = 6, 6
	c.Selector.Batch, c.Final.Batch = 16, 16
	return c
}

func options(dir string) loop.Options {
	return loop.Options{Dir: dir, Command: []string{"prunefuse", "run", "a b.yaml"}, Session: ort.SessionOptions{Threads: 1}}
}

// products are the files that a seed determines.
func products(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, pattern := range []string{"*.onnx", "round-*/*.onnx", "round-*/*.jsonl"} {
		files, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			name, err := filepath.Rel(dir, f)
			if err != nil {
				t.Fatal(err)
			}
			out[name] = string(b)
		}
	}
	return out
}

func same(t *testing.T, a, b map[string]string) {
	t.Helper()
	for name := range a {
		if a[name] != b[name] {
			t.Errorf("%s differs", name)
		}
	}
	if len(a) != len(b) {
		t.Errorf("%d files against %d", len(a), len(b))
	}
}

func TestRun(t *testing.T) {
	t.Parallel()
	orttest.Need(t)
	ctx := t.Context()
	dir := filepath.Join(t.TempDir(), "run")
	o, events := options(dir), []loop.Progress{}
	o.Progress = func(e loop.Progress) { events = append(events, e) }
	if err := loop.Run(ctx, small(), o); err != nil {
		t.Fatal(err)
	}
	checkEvents(t, events)
	first := products(t, dir)
	for _, name := range []string{loop.DenseFile, loop.SelectorFile, loop.FusedInitFile, loop.FusedFile, loop.DeployFile, "round-000/selected.jsonl"} {
		if first[name] == "" {
			t.Errorf("the run left no %s", name)
		}
	}
	checkReport(t, dir)

	t.Run("same seed, same files", func(t *testing.T) {
		again := filepath.Join(t.TempDir(), "again")
		if err := loop.Run(ctx, small(), options(again)); err != nil {
			t.Fatal(err)
		}
		same(t, first, products(t, again))
	})
	t.Run("interrupted and resumed", func(t *testing.T) {
		for _, stage := range []string{"train the selector on 60", "fine-tune the fused"} {
			broken := filepath.Join(t.TempDir(), "broken")
			interrupt(t, broken, stage)
			o := options(broken)
			o.Resume = true
			if err := loop.Run(ctx, small(), o); err != nil {
				t.Fatal(err)
			}
			same(t, first, products(t, broken))
		}
	})
	t.Run("a file of an earlier round that changed or is gone", func(t *testing.T) {
		broken := filepath.Join(t.TempDir(), "broken")
		interrupt(t, broken, "fine-tune the fused")
		for _, name := range []string{"round-000/selector.onnx", "round-001/selector.onnx"} {
			spoil(t, filepath.Join(broken, name), broken, name)
		}
	})
	t.Run("another configuration is not resumed", func(t *testing.T) {
		c, o := small(), options(dir)
		c.Prune.Ratio, o.Resume = 0.25, true
		if err := loop.Run(ctx, c, o); err == nil || !strings.Contains(err.Error(), "another configuration") {
			t.Errorf("error %v", err)
		}
	})
	t.Run("a run is not overwritten", func(t *testing.T) {
		if err := loop.Run(ctx, small(), options(dir)); err == nil {
			t.Error("it was")
		}
	})
}

// interrupt runs until the second step of a stage and no further.
func interrupt(t *testing.T, dir, stage string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	o := options(dir)
	o.Progress = func(e loop.Progress) {
		if strings.HasPrefix(e.Stage, stage) && e.Done == 2 {
			cancel()
		}
	}
	if err := loop.Run(ctx, small(), o); !errors.Is(err, context.Canceled) {
		t.Fatalf("interrupted run gave %v", err)
	}
}

// spoil changes one byte of a file, then removes it, and wants the run refused
// with the file's name each time; in the end it puts the file back.
func spoil(t *testing.T, path, dir, name string) {
	t.Helper()
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	refused := func(want string) {
		t.Helper()
		err := loop.Run(t.Context(), small(), options(dir))
		if err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %s and %q", err, name, want)
		}
	}
	bad := slices.Clone(good)
	bad[len(bad)/2] ^= 1
	if err := os.WriteFile(path, bad, 0o666); err != nil {
		t.Fatal(err)
	}
	refused("has changed")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	refused("is gone")
	if err := os.WriteFile(path, good, 0o666); err != nil {
		t.Fatal(err)
	}
}

// checkEvents wants every stage from Done 0 to Done equal to Total.
func checkEvents(t *testing.T, events []loop.Progress) {
	t.Helper()
	stages := map[string]bool{}
	var last loop.Progress
	for _, e := range events {
		begins := e.Stage != last.Stage
		if begins && last.Done != last.Total {
			t.Errorf("%q ended at %d of %d", last.Stage, last.Done, last.Total)
		}
		if begins && stages[e.Stage] {
			t.Errorf("%q twice", e.Stage)
		}
		if e.Total > 0 && begins != (e.Done == 0) {
			t.Errorf("%q: %d of %d after %d", e.Stage, e.Done, e.Total, last.Done)
		}
		stages[e.Stage], last = true, e
	}
	if len(stages) != 11 || last.Done != last.Total {
		t.Errorf("%d stages; the last event is %+v", len(stages), last)
	}
}

func checkReport(t *testing.T, dir string) {
	t.Helper()
	r, err := report.Read(filepath.Join(dir, report.JSONName))
	if err != nil {
		t.Fatal(err)
	}
	for _, role := range []report.Role{report.RoleSelector, report.RoleFused, report.RoleFineTuned, report.RoleDenseScratch, report.RoleRandom} {
		i := slices.IndexFunc(r.Accuracies, func(a report.Accuracy) bool { return a.Role == role })
		if i < 0 || r.Accuracies[i].Total != 1000 || r.Accuracies[i].Labels != 90 {
			t.Errorf("accuracy of %s: %+v", role, r.Accuracies)
		}
	}
	if c := r.CostRatio; c == nil || c.SelectorSeconds <= 0 || c.DenseSeconds <= 0 || c.MACsRatio >= 0.5 || c.MACsRatio <= 0 {
		t.Errorf("cost ratio %+v", c)
	}
	for _, module := range []string{"prune", "train", "score", "rank", "fuse", "fine-tune", "evaluate", "export"} {
		if !slices.ContainsFunc(r.Ledger, func(c report.Cost) bool { return c.Module == module && c.Seconds > 0 }) {
			t.Errorf("the ledger has nothing for %s", module)
		}
	}
	settings := map[string]string{}
	for _, s := range slices.Concat(r.Config, r.Versions) {
		if _, twice := settings[s.Key]; twice {
			t.Errorf("setting %s twice", s.Key)
		}
		settings[s.Key] = s.Value
	}
	for key, want := range map[string]string{"data": "demo", "model.arch": "resnet8", "label.add": "[20,30]", "final.lr": "0.05", "threads": "1"} {
		if settings[key] != want {
			t.Errorf("setting %s is %q, want %q", key, settings[key], want)
		}
	}
	for _, key := range []string{"title", "seed", "prunefuse"} { // have their own places
		if value, ok := settings[key]; ok {
			t.Errorf("setting %s is %q", key, value)
		}
	}
	checkRounds(t, r)
	if r.Command != "prunefuse run 'a b.yaml'" {
		t.Errorf("command %q", r.Command)
	}
}

func TestRunSynchronised(t *testing.T) {
	t.Parallel()
	orttest.Need(t)
	c := small()
	c.Label.Sync, c.Label.Strategy, c.Arms = 1, "cal", []string{"prunefuse", "random"}
	dir := filepath.Join(t.TempDir(), "run")
	if err := loop.Run(t.Context(), c, options(dir)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"round-000/parent.onnx", "round-001/parent.onnx", loop.FusedFile} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "round-002/parent.onnx")); err == nil {
		t.Error("the last round was synchronised, with no selection after it")
	}
}
