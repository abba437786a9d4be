package main

import (
	"bytes"
	"context"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/data/datatest"
	"github.com/prunefuse/prunefuse/models"
	"github.com/prunefuse/prunefuse/models/modeltest"
	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
)

func TestDistill(t *testing.T) {
	t.Parallel()
	orttest.Need(t)
	dir := t.TempDir()
	m := modeltest.Build(t, "lenet", models.Options{Input: [3]int{3, 32, 32}, Classes: 10})
	model := modeltest.Save(t, m, dir, "lenet.onnx")
	args := []string{
		"-model", model, "-train", datatest.CIFAR(t, filepath.Join(dir, "train_batch.bin"), 40, 10), "-test", datatest.CIFAR(t, filepath.Join(dir, "test_batch.bin"), 30, 10),
		"-mean", "0.5", "-std", "0.25", "-epochs", "2", "-batch", "20", "-seeds", "2", "-threads", "1",
	}
	var stdout bytes.Buffer
	if err := run(context.Background(), append([]string{"-json"}, args...), &stdout); err != nil {
		t.Fatal(err)
	}
	var got []point
	for d := json.NewDecoder(&stdout); d.More(); {
		var p point
		if err := d.Decode(&p); err != nil {
			t.Fatal(err)
		}
		got = append(got, p)
	}
	if len(got) != 13 || got[0].Network != teacher || got[1].Network != labels || got[4].Network != distilled || got[12].Seed != 2 {
		t.Fatalf("%+v", got)
	}
	for k := range 3 {
		a, b := got[1+k], got[4+k]
		if other := got[7+k]; (a.Loss == other.Loss) != (k == 0) {
			t.Errorf("epoch %d: with two seeds %+v and %+v", k, a, other)
		}
		if a.Epoch != k || b.Epoch != k || a.Samples != 30 || a.Parameters != b.Parameters || a.Parameters >= got[0].Parameters || (a.Loss == b.Loss) != (k == 0) {
			t.Errorf("epoch %d: %+v and %+v", k, a, b)
		}
	}
	stdout.Reset()
	if err := run(context.Background(), args, &stdout); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(stdout.String()), "\n")
	if len(lines) != 7 || !strings.HasPrefix(lines[2], "| epoch |") || !strings.HasPrefix(lines[6], "| 2 |") {
		t.Errorf("the table is\n%s", stdout.String())
	}
}

func TestDistillRefuses(t *testing.T) {
	t.Parallel()
	for want, args := range map[string][]string{
		"name the model with -model": {"-train", "demo"},
		"-ratio is above 0":          {"-model", "x", "-train", "x", "-test", "x", "-ratio", "1"},
		"-weight is above 0":         {"-model", "x", "-train", "x", "-test", "x", "-weight", "2"},
	} {
		if err := run(context.Background(), args, &bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}
