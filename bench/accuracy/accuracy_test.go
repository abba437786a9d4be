package main

import (
	"bytes"
	"context"
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/data"
	"github.com/prunefuse/prunefuse/data/datatest"
	"github.com/prunefuse/prunefuse/models"
	"github.com/prunefuse/prunefuse/models/modeltest"
	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
	"github.com/prunefuse/prunefuse/training"
)

func TestAccuracy(t *testing.T) {
	t.Parallel()
	orttest.Need(t)
	dir := t.TempDir()
	m := modeltest.Build(t, "lenet", models.Options{Input: [3]int{3, 32, 32}, Classes: 10})
	model := modeltest.Save(t, m, dir, "lenet.onnx")
	args := []string{
		"-model", model, "-train", datatest.CIFAR(t, filepath.Join(dir, "train_batch.bin"), 40, 10), "-test", datatest.CIFAR(t, filepath.Join(dir, "test_batch.bin"), 30, 10),
		"-mean", "0.5", "-std", "0.25", "-epochs", "1", "-batch", "20", "-criteria", "l2,taylor", "-threads", "1",
	}
	var stdout bytes.Buffer
	if err := run(context.Background(), append([]string{"-json"}, args...), &stdout); err != nil {
		t.Fatal(err)
	}
	var got []outcome
	for d := json.NewDecoder(&stdout); d.More(); {
		var o outcome
		if err := d.Decode(&o); err != nil {
			t.Fatal(err)
		}
		got = append(got, o)
	}
	if len(got) != 3 || got[0].Criterion != "" || got[1].Criterion != "l2" || got[2].Criterion != "taylor" {
		t.Fatalf("%+v", got)
	}
	test, err := data.Open(filepath.Join(dir, "test_batch.bin"), data.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ready, err := data.Prepare(test, data.Preprocess{Mean: []float32{0.5}, Std: []float32{0.25}})
	if err != nil {
		t.Fatal(err)
	}
	e, err := training.Evaluate(context.Background(), m, ready, training.EvalOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got[0].Before, []float64{e.Accuracy}) || len(got[0].After) != 1 || got[0].Samples != 30 {
		t.Errorf("dense %+v, want an accuracy of %v", got[0], e.Accuracy)
	}
	for _, o := range got[1:] {
		// LeNet has no normalisation that says anything of its channels, but
		// some may be dead, which is as good.
		if len(o.Before) != ways || len(o.After) != ways || len(o.Left) != ways || o.Left[without] != 0 || o.Left[expected] < 3 || o.Left[measured] != 0 || o.Before[without] != o.Before[expected] ||
			o.Parameters >= got[0].Parameters || o.Error != "" {
			t.Errorf("%+v", o)
		}
	}
	stdout.Reset()
	if err := run(context.Background(), append(args, "-epochs", "0"), &stdout); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(stdout.String()), "\n")
	if len(lines) != 5 || !strings.HasPrefix(lines[0], "| criterion |") || !strings.Contains(lines[3], " layers without)") ||
		strings.Count(lines[0], "|") != 7 || strings.Count(lines[3], "|") != 7 {
		t.Errorf("the table is\n%s", stdout.String())
	}
}

func TestAccuracyRefuses(t *testing.T) {
	t.Parallel()
	orttest.Need(t)
	for want, args := range map[string][]string{
		"name the model with -model":       {"-train", "demo"},
		"-ratio is above 0":                {"-model", "x", "-train", "x", "-test", "x", "-ratio", "1"},
		`unknown criterion "l3"`:           {"-model", "x", "-train", "x", "-test", "x", "-criteria", "l3"},
		"no such file":                     {"-model", "nothing.onnx", "-train", "demo", "-test", "demo:test"},
		`invalid value "a" for flag -mean`: {"-mean", "a"},
	} {
		if err := run(context.Background(), args, &bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}
