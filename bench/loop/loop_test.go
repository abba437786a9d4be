package main

import (
	"path/filepath"
	"testing"

	"github.com/prunefuse/prunefuse/loop"
	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
)

func TestChoose(t *testing.T) {
	t.Parallel()
	orttest.Need(t)
	dir := t.TempDir()
	if err := writePools(dir, 500); err != nil {
		t.Fatal(err)
	}
	if err := choose(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	r, err := loop.ReadReport(filepath.Join(dir, "run"))
	if err != nil || r.Selection == nil || r.Selection.Pool != 400 {
		t.Errorf("report %+v, %v", r, err)
	}
}
