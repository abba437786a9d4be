package models_test

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/prunefuse/prunefuse/models"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/ort"
	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
)

// forward runs the model on a batch.
func forward(t *testing.T, m *onnxio.Model, shape []int64, x []float32) (logits []float32, dims []int64) {
	t.Helper()
	s, err := ort.NewSession(marshal(t, m), ort.SessionOptions{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	in, err := ort.NewTensor(shape, x)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out := []*ort.Tensor{nil}
	if err := s.Run(context.Background(), []*ort.Tensor{in}, out); err != nil {
		t.Fatal(err)
	}
	defer out[0].Close()
	return slices.Clone(ort.Data[float32](out[0])), out[0].Shape()
}

func noise(shape []int64) []float32 {
	n := int64(1)
	for _, d := range shape {
		n *= d
	}
	r := rand.New(rand.NewPCG(1, 2))
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	return x
}

// Every network runs at two batch sizes, and an image's logits do not depend
// on the batch around it.
func TestForward(t *testing.T) {
	orttest.Need(t)
	for _, info := range models.List() {
		t.Run(info.Name, func(t *testing.T) {
			o := narrow(info)
			m := build(t, info.Name, o)
			shape := []int64{3, int64(o.Input[0]), int64(o.Input[1]), int64(o.Input[2])}
			x := noise(shape)
			three, dims := forward(t, m, shape, x)
			if !slices.Equal(dims, []int64{3, 3}) {
				t.Fatalf("logits have shape %v, want [3 3]", dims)
			}
			shape[0] = 1
			one, _ := forward(t, m, shape, x[:len(x)/3])
			if d := farthest(one, three[:3]); !(d < 1e-4) {
				t.Errorf("logits %v alone, %v in a batch", one, three[:3])
			}
			if slices.Equal(three[:3], three[3:6]) {
				t.Error("two images have the same logits")
			}
		})
	}
}

// farthest returns the greatest difference as a share of the greatest value;
// NaN where any value is.
func farthest(got, want []float32) float64 {
	var diff, size float64
	for i := range want {
		diff = max(diff, math.Abs(float64(got[i])-float64(want[i])))
		size = max(size, math.Abs(float64(want[i])))
	}
	return diff / size
}

// The networks are PyTorch's: their initializers are its state dict in names,
// shapes and order, and from the same weights they give the same logits.
// Vectors are made uneven first, so that no two of a BatchNorm can be
// mistaken for each other.
func TestLogitsArePyTorchs(t *testing.T) {
	python := pythonWithTorchvision(t)
	orttest.Need(t)
	dir := t.TempDir()
	archs := []string{"resnet18", "resnet50", "mobilenetv2", "vgg11-bn", "preresnet14", "wrn-10-2"}
	shape := []int64{2, 3, 64, 72}
	x := noise(shape)
	ours := map[string][]float32{}
	for _, arch := range archs {
		m := build(t, arch, models.Options{Classes: 5, Input: [3]int{3, 64, 72}, Seed: 9})
		unevenVectors(t, m)
		ours[arch], _ = forward(t, m, shape, x)
		writeForPyTorch(t, filepath.Join(dir, arch), m, shape, x)
	}
	if out, err := exec.Command(python, "testdata/torch_logits.py", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, arch := range archs {
		raw, err := os.ReadFile(filepath.Join(dir, arch, "logits.bin"))
		if err != nil {
			t.Fatal(err)
		}
		theirs := make([]float32, len(raw)/4)
		if _, err := binary.Decode(raw, binary.LittleEndian, theirs); err != nil {
			t.Fatal(err)
		}
		if len(theirs) != len(ours[arch]) {
			t.Errorf("%s: %d logits, PyTorch has %d", arch, len(ours[arch]), len(theirs))
		} else if d := farthest(ours[arch], theirs); !(d < 1e-4) {
			t.Errorf("%s: logits %v, PyTorch's %v", arch, ours[arch], theirs)
		}
	}
}

func unevenVectors(t *testing.T, m *onnxio.Model) {
	t.Helper()
	p := m.Graph.Edit()
	r := rand.New(rand.NewPCG(3, 4))
	for _, w := range m.Graph.Initializers() {
		if w.Rank() != 1 {
			continue
		}
		v := floats(t, w)
		for i := range v {
			v[i] += 0.3 * r.Float32()
		}
		changed, err := w.WithFloats(v)
		if err != nil {
			t.Fatal(err)
		}
		p.SetInitializer(changed)
	}
	if err := p.Apply(); err != nil {
		t.Fatal(err)
	}
}

func writeForPyTorch(t *testing.T, dir string, m *onnxio.Model, shape []int64, x []float32) {
	t.Helper()
	var tensors [][2]any
	var weights []byte
	for _, w := range m.Graph.Initializers() {
		b, err := w.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		tensors = append(tensors, [2]any{w.Name(), w.Dims()})
		weights = append(weights, b...)
	}
	input, err := binary.Append(nil, binary.LittleEndian, x)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"tensors.json": jsonOf(t, tensors), "input_shape.json": jsonOf(t, shape), "weights.bin": weights, "input.bin": input,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func jsonOf(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// pythonWithTorchvision returns the first Python that has it: the one on the
// path, or Debian's.
func pythonWithTorchvision(t *testing.T) string {
	t.Helper()
	for _, python := range []string{"python3", "/usr/bin/python3"} {
		if exec.Command(python, "-c", "import torchvision").Run() == nil {
			return python
		}
	}
	t.Skip("no python3 with torchvision")
	return ""
}
