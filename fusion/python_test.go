package fusion_test

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/prunefuse/prunefuse/fusion"
	"github.com/prunefuse/prunefuse/models"
	"github.com/prunefuse/prunefuse/onnxio"
)

// pythonTool finds an independent reader of the plan, which lies beside the
// repository, and a Python that can run it.
func pythonTool(t *testing.T, name string) func(args ...string) ([]byte, error) {
	t.Helper()
	tool := filepath.Join("..", "..", "shared", "tools", name)
	if _, err := os.Stat(tool); err != nil {
		t.Skip(err)
	}
	for _, python := range []string{"/usr/bin/python3", "python3"} {
		if exec.Command(python, "-c", "import onnx, numpy").Run() == nil {
			return func(args ...string) ([]byte, error) {
				return exec.Command(python, append([]string{tool}, args...)...).CombinedOutput()
			}
		}
	}
	t.Skip("no python3 with the packages onnx and numpy")
	return nil
}

// TestCheckFuseAgrees: a reader that shares no code with ours finds the
// selector in the fused file, and does not when one bit is flipped.
func TestCheckFuseAgrees(t *testing.T) {
	t.Parallel()
	check := pythonTool(t, "check_fuse.py")
	for _, arch := range []string{"preresnet20", "mobilenetv2"} {
		dir := t.TempDir()
		at := func(name string) string { return filepath.Join(dir, name) }
		dense := viaFile(t, dir, "dense.onnx", build(t, arch, models.Options{Width: 0.5}))
		first := viaFile(t, dir, "first.onnx", trained(t, prune(t, dense, 1), 2))
		second := viaFile(t, dir, "second.onnx", trained(t, prune(t, first, 3), 4))
		for name, selector := range map[string]*onnxio.Model{"first.onnx": first, "second.onnx": second} {
			for _, rest := range []fusion.Rest{fusion.Init, fusion.Preserve} {
				fused := viaFile(t, dir, "fused.onnx", fuse(t, dense, selector, fusion.Options{Rest: rest}))
				out, err := check(at("dense.onnx"), at(name), at("fused.onnx"))
				var result struct {
					Tensors  int
					BadCount int `json:"bad_count"`
				}
				if err = errors.Join(err, json.Unmarshal(out, &result)); err != nil || result.Tensors != len(selector.Graph.Initializers()) || result.BadCount != 0 {
					t.Fatalf("%s, %s: %v\n%s", arch, rest, err, out)
				}
				if rest != fusion.Preserve {
					continue
				}
				w := fused.Graph.Initializers()[0]
				raw := slices.Clone(bytesOf(t, w))
				for i := range w.Len() { // of every element, as most are not the selector's
					raw[4*i] ^= 1
				}
				viaFile(t, dir, "flipped.onnx", set(t, fused, onnxio.RawTensor(w.Name(), w.Elem(), w.Dims(), raw)))
				if out, err := check(at("dense.onnx"), at(name), at("flipped.onnx")); err == nil {
					t.Errorf("%s: flipped bits of %q are not seen\n%s", arch, w.Name(), out)
				}
			}
		}
	}
}

// TestMaskDenseAgrees: the dense network that an independent oracle masks by
// the plan in our file is the function of our pruned network.
func TestMaskDenseAgrees(t *testing.T) {
	t.Parallel()
	mask := pythonTool(t, "mask_dense.py")
	for _, arch := range []string{"resnet20", "preresnet20", "vgg11-bn", "lenet"} {
		dir := t.TempDir()
		dense := viaFile(t, dir, "dense.onnx", trained(t, build(t, arch, models.Options{Width: 0.25}), 1))
		once := prune(t, dense, 2)
		for name, pruned := range map[string]*onnxio.Model{"once.onnx": once, "twice.onnx": prune(t, once, 3)} {
			pruned = viaFile(t, dir, name, pruned)
			masked := filepath.Join(dir, "masked.onnx")
			if out, err := mask(filepath.Join(dir, "dense.onnx"), filepath.Join(dir, name), masked); err != nil {
				t.Fatalf("%s: %v\n%s", arch, err, out)
			}
			m, err := onnxio.Load(masked)
			if err != nil {
				t.Fatal(err)
			}
			wantSameLogits(t, m, pruned)
		}
	}
}
