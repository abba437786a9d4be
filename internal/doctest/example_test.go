package doctest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/prunefuse/prunefuse/export"
	"github.com/prunefuse/prunefuse/fusion"
	"github.com/prunefuse/prunefuse/models"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/ort"
	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
	"github.com/prunefuse/prunefuse/pruning"
)

// shrink and ship are the snippets of the README and of docs/guides/library.md.

func shrink(ctx context.Context, in, out string) error {
	if err := ort.Init(ctx, ort.Options{Progress: os.Stderr}); err != nil { // finds or fetches the runtime
		return err
	}
	dense, err := onnxio.Load(in)
	if err != nil {
		return err
	}
	pruned, err := pruning.Prune(dense, pruning.Config{Ratio: 0.5, ParentName: in})
	if err != nil {
		return err
	}
	check, err := pruned.Analysis.Verify(ctx, pruned.Selection, pruned.Model, pruning.VerifyOptions{})
	if err != nil {
		return err
	}
	if !check.Equal() {
		return fmt.Errorf("prune %s: the result computes something else", in)
	}
	return pruned.Model.Save(out, onnxio.SaveOptions{})
}

func ship(ctx context.Context, dense, selector *onnxio.Model, out string) error {
	fused, err := fusion.Fuse(dense, selector, fusion.Options{Rest: fusion.Preserve})
	if err != nil {
		return err
	}
	deploy, _, err := export.Model(ctx, fused, export.Options{})
	if err != nil {
		return err
	}
	return deploy.Save(out, onnxio.SaveOptions{})
}

func TestLibrary(t *testing.T) {
	t.Parallel()
	orttest.Need(t)
	dense, err := models.Build("lenet", models.Options{})
	if err != nil {
		t.Fatal(err)
	}
	path := func(name string) string { return filepath.Join(t.TempDir(), name) }
	in, small := path("dense.onnx"), path("small.onnx")
	if err := dense.Save(in, onnxio.SaveOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := shrink(t.Context(), in, small); err != nil {
		t.Fatal(err)
	}
	selector, err := onnxio.Load(small)
	if err != nil {
		t.Fatal(err)
	}
	if err := ship(t.Context(), dense, selector, path("deploy.onnx")); err != nil {
		t.Fatal(err)
	}
}
