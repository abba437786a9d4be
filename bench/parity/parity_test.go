package main

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/prunefuse/prunefuse/data/datatest"
	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
)

func TestParity(t *testing.T) {
	t.Parallel()
	orttest.Need(t)
	if err := exec.Command("/usr/bin/python3", "-c", "import numpy, torch").Run(); err != nil {
		t.Skip("no /usr/bin/python3 with torch and numpy (Debian: python3-torch)")
	}
	dir := t.TempDir()
	kept := filepath.Join(dir, "results.jsonl")
	args := []string{
		"-depth", "8", "-train", datatest.CIFAR(t, filepath.Join(dir, "train_batch.bin"), 16, 3), "-test", datatest.CIFAR(t, filepath.Join(dir, "test_batch.bin"), 10, 3),
		"-epochs", "1", "-batch", "16", "-seeds", "2", "-threads", "1", "-out", kept, "-json",
	}
	first := parity(t, args)
	if len(first) != 4 {
		t.Fatalf("%d results, want 2 of each side", len(first))
	}
	for i := 0; i < len(first); i += 2 {
		a, b := first[i], first[i+1]
		if a.Side != ours || b.Side != torch || a.Seed != b.Seed {
			t.Fatalf("results %d and %d are of %s, %d and %s, %d", i, i+1, a.Side, a.Seed, b.Side, b.Seed)
		}
		// The one batch of the one epoch holds all samples, whatever their order.
		if len(a.Losses) != 1 || len(b.Losses) != 1 || math.Abs(a.Losses[0]-b.Losses[0]) > 1e-4 {
			t.Errorf("seed %d: the first losses are %v and %v", a.Seed, a.Losses, b.Losses)
		}
	}
	again := parity(t, args)
	if !slices.EqualFunc(first, again, func(a, b result) bool { return a.Seconds == b.Seconds && a.Accuracy == b.Accuracy }) {
		t.Error("results that were kept are computed again")
	}
}

func parity(t *testing.T, args []string) []result {
	t.Helper()
	var stdout bytes.Buffer
	if err := run(context.Background(), args, &stdout); err != nil {
		t.Fatal(err)
	}
	var out []result
	for d := json.NewDecoder(&stdout); d.More(); {
		var r result
		if err := d.Decode(&r); err != nil {
			t.Fatal(err)
		}
		out = append(out, r)
	}
	return out
}
