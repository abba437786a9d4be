package loop_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/data"
	"github.com/prunefuse/prunefuse/loop"
	"github.com/prunefuse/prunefuse/loop/config"
	"github.com/prunefuse/prunefuse/onnxio/ort"
	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
)

// childVariable makes the test binary a process that does the run in a folder.
const childVariable = "PRUNEFUSE_TEST_LOOP"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childVariable); dir != "" {
		if err := work(dir); err != nil {
			fmt.Println("error:", err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// work does the run, with a line for each sign of progress.
func work(dir string) error {
	ctx := context.Background()
	if err := ort.Init(ctx, ort.Options{}); err != nil {
		return err
	}
	o := options(dir)
	o.Resume = true
	o.Progress = func(p loop.Progress) { fmt.Printf("%s\t%d\t%d\n", p.Stage, p.Done, p.Total) }
	return loop.Run(ctx, everything(filepath.Dir(dir)), o)
}

// everything is a run of four arms, with a teacher, synchronised in every round,
// on the samples in a folder.
func everything(folder string) config.Config {
	c := config.DefaultConfig()
	c.Data, c.Test = filepath.Join(folder, "pool", "x.npy"), filepath.Join(folder, "test", "x.npy")
	c.Model, c.Proxy = config.Network{Arch: "mlp", Width: 0.25}, config.Proxy{Arch: "mlp", Width: 0.1}
	c.Label = config.Label{Initial: 12, Add: []int{6, 8}, Strategy: "margin", Sync: 1}
	c.Arms = []string{config.ArmPruneFuse, config.ArmDense, config.ArmProxy, config.ArmRandom}
	c.Selector.Steps, c.Final.Steps = 8, 12
	c.Selector.Batch, c.Final.Batch = 4, 4
	c.Selector.LR, c.Final.LR = 0.05, 0.05
	c.Selector.Start = config.StartWarm
	c.Final.Distill = &config.Distill{From: config.DistillSelector, Weight: 0.3, Temperature: 2}
	return c
}

// samples writes a pool and held-out samples of three classes.
func samples(t *testing.T, folder string) {
	t.Helper()
	for name, n := range map[string]int{"pool": 90, "test": 30} {
		rng := rand.New(rand.NewPCG(7, uint64(n)))
		values, labels := make([]float32, n*16), make([]int64, n)
		for i := range n {
			labels[i] = int64(i % 3)
			for k := range 16 {
				values[i*16+k] = float32(rng.NormFloat64()) + float32(labels[i])*float32(k%3)
			}
		}
		dir := filepath.Join(folder, name)
		if err := os.MkdirAll(dir, 0o777); err != nil {
			t.Fatal(err)
		}
		if err := data.WriteNPY(filepath.Join(dir, "x.npy"), []int{n, 1, 4, 4}, values); err != nil {
			t.Fatal(err)
		}
		if err := data.WriteNPY(filepath.Join(dir, "labels.npy"), []int{n}, labels); err != nil {
			t.Fatal(err)
		}
	}
}

// A run that is killed at any moment and gone on with ends as one that was not:
// with the same events, envelopes apart, and the same files.
func TestKilledAnywhere(t *testing.T) {
	t.Parallel()
	orttest.Need(t)
	folder := t.TempDir()
	samples(t, folder)
	want, moments := reference(t, filepath.Join(folder, "whole"))
	for i, at := range moments {
		dir := filepath.Join(folder, fmt.Sprintf("killed-%d", i))
		t.Run(fmt.Sprintf("%d", at), func(t *testing.T) {
			stage := kill(t, dir, at)
			if lines, err := child(dir, -1); err != nil {
				t.Fatalf("after a kill in %q: %v, %s", stage, err, strings.Join(lines[max(0, len(lines)-1):], ""))
			}
			compare(t, stage, want, leavings(t, dir))
			if err := os.RemoveAll(dir); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// reference does the run without a kill, and draws twenty moments at which to
// kill another: lines of its progress, some within the last training and within
// each of the other arms.
func reference(t *testing.T, dir string) (want map[string]string, moments []int) {
	t.Helper()
	lines, err := child(dir, -1)
	if err != nil {
		t.Fatal(err, lines)
	}
	rng := rand.New(rand.NewPCG(20, 1))
	for _, stage := range []string{"fine-tune the fused network", "train the full network", "dense: train", "proxy: train", "proxy: score", "random: fine-tune"} {
		var within []int
		for i, line := range lines {
			if strings.HasPrefix(line, stage) {
				within = append(within, i)
			}
		}
		if len(within) == 0 {
			t.Fatalf("no progress of %q", stage)
		}
		moments = append(moments, within[rng.IntN(len(within))])
	}
	for len(moments) < 20 {
		moments = append(moments, rng.IntN(len(lines)))
	}
	return leavings(t, dir), moments
}

// kill does the run until a line of its progress and kills it there.
func kill(t *testing.T, dir string, at int) string {
	t.Helper()
	lines, err := child(dir, at)
	if err == nil || len(lines) <= at {
		t.Fatalf("it ended before line %d: %v", at, err)
	}
	return lines[at]
}

// child does the run in a process of its own, which is killed at a line of its
// progress, and returns these lines.
func child(dir string, at int) (lines []string, err error) {
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), childVariable+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	for in := bufio.NewScanner(out); in.Scan(); {
		lines = append(lines, in.Text())
		if len(lines) == at+1 {
			if err := cmd.Process.Kill(); err != nil {
				return lines, err
			}
		}
	}
	return lines, cmd.Wait()
}

// leavings are what two runs of a configuration have in common: every file but
// the reports, and the events without their envelopes.
func leavings(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(d.Name(), "report.") {
			return err
		}
		b, err := os.ReadFile(path)
		if d.Name() == "events.jsonl" {
			b, err = bare(b)
		}
		name, _ := filepath.Rel(dir, path)
		out[name] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func bare(log []byte) ([]byte, error) {
	var out []byte
	for line := range strings.Lines(string(log)) {
		var l struct{ Event json.RawMessage }
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			return nil, err
		}
		out = append(append(out, l.Event...), '\n')
	}
	return out, nil
}

func compare(t *testing.T, stage string, want, got map[string]string) {
	t.Helper()
	for name := range want {
		if _, there := got[name]; !there {
			t.Errorf("after a kill in %q: %s is missing", stage, name)
		} else if got[name] != want[name] {
			t.Errorf("after a kill in %q: %s differs", stage, name)
		}
	}
	for name := range got {
		if _, known := want[name]; !known {
			t.Errorf("after a kill in %q: %s is left", stage, name)
		}
	}
}
