package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/models"
	"github.com/prunefuse/prunefuse/models/modeltest"
	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
)

// TestMain lets the program start itself for one model.
func TestMain(m *testing.M) {
	if slices.Contains(os.Args[1:], "-one") {
		main()
		return
	}
	os.Exit(m.Run())
}

// A folder of a model that goes well, one that its output forbids to become
// small, and one that is none: the last fails alone.
func TestFolder(t *testing.T) {
	t.Parallel()
	orttest.Need(t)
	dir := t.TempDir()
	for name, classes := range map[string]int{"small": 3, "wide": 900} {
		modeltest.Save(t, modeltest.Build(t, "mlp", models.Options{Input: [3]int{1, 4, 4}, Classes: classes}), dir, name+".onnx")
	}
	if err := os.WriteFile(filepath.Join(dir, "text.onnx"), []byte("no model"), 0o666); err != nil {
		t.Fatal(err)
	}
	var stdout bytes.Buffer
	err := run(context.Background(), []string{"-json", dir}, &stdout)
	if err == nil || err.Error() != "1 of 3 models failed" {
		t.Errorf("error %v", err)
	}
	got := map[string]outcome{}
	for d := json.NewDecoder(&stdout); d.More(); {
		var o outcome
		if err := d.Decode(&o); err != nil {
			t.Fatal(err)
		}
		got[o.Model] = o
	}
	small, wide, text := got["small"], got["wide"], got["text"]
	if small.Error != "" || small.Before.Parameters != 37635 || small.After.Parameters != 10627 ||
		small.Seconds <= 0 || small.Verification == nil || small.ForbiddenBy != "" {
		t.Errorf("small: %+v", small)
	}
	if wide.Error != "" || !strings.Contains(wide.ForbiddenBy, `graph output "logits"`) {
		t.Errorf("wide: %+v", wide)
	}
	if !strings.Contains(text.Error, "not an ONNX model") {
		t.Errorf("text: %+v", text)
	}

	stdout.Reset()
	if err := run(context.Background(), []string{"-verify=false", filepath.Join(dir, "small.onnx")}, &stdout); err != nil {
		t.Error(err)
	}
	if out := stdout.String(); strings.Count(out, "\n") != 3 || !strings.Contains(out, "| small | 37,635 | 10,627 |") ||
		!strings.Contains(out, "| not verified |") {
		t.Errorf("table:\n%s", out)
	}
	if err := run(context.Background(), []string{t.TempDir()}, &stdout); err == nil {
		t.Error("a folder without models passes")
	}
}
