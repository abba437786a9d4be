package training

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
)

// torchNetworks are those of testdata/torch_networks.py whose losses follow
// PyTorch's. Those of the others, with BatchNorm over few values, part from its
// float32 ones by about 1e-2 within a few steps.
var torchNetworks = []string{"resnet20", "vgg11_bn", "vit_tiny", "convnext_tiny"}

const (
	// gradientTolerance is how far a gradient may be from PyTorch's, beside
	// the greatest element of its tensor. Where what it sums cancels, as of a
	// bias before a BatchNorm to zero, rounding is beside what cancels: so no
	// tensor counts as less than a hundredth of the network's greatest.
	gradientTolerance = 1e-4
	cancelled         = 1e-2
	// followTolerance is how far, relatively, the loss of a step may be from
	// PyTorch's in float32. Of a network of smooth functions none is further
	// than 1e-6 (ViT, ConvNeXt); at a kink PyTorch's gradient or ours changes
	// by a step, and later losses with it.
	followTolerance = 2e-3
)

// exported is what torch_networks.py wrote.
type exported struct {
	Parameters []torchTensor      `json:"parameters"`
	Input      [3]int             `json:"input"`
	Batch      int                `json:"batch"`
	Rates      map[string]float32 `json:"rates"`
	Losses     struct {
		SGD   []float64 `json:"sgd"`
		AdamW []float64 `json:"adamw"`
	} `json:"losses"`

	folder      string
	set         *samples
	train, eval map[string][]float64 // gradients by parameter
}

// TestNetworksEqualPyTorch takes whole networks, as torch.onnx exports them in
// one form and another, and compares losses, gradients and steps with
// PyTorch's. Where an activation is zero but for rounding and falls on the
// other side of a kink, the gradient is another one: so each comparison has to
// hold for one of a few networks and batches.
func TestNetworksEqualPyTorch(t *testing.T) {
	orttest.Need(t)
	python := torchPython(t)
	if exec.Command(python, "-c", "import onnx, torchvision").Run() != nil {
		t.Skip("no onnx and torchvision beside torch (Debian: python3-onnx python3-torchvision)")
	}
	sgd, adamW := SGD{Momentum: 0.9}, AdamW{WeightDecay: 0.01}
	for _, name := range torchNetworks {
		t.Run(name, func(t *testing.T) {
			open := []func(e *exported) error{
				func(e *exported) error { return e.follows(t, "train.onnx", sgd, false, e.Losses.SGD) },
				func(e *exported) error { return e.follows(t, "train.onnx", adamW, false, e.Losses.AdamW) },
				func(e *exported) error { return e.follows(t, "train.onnx", sgd, true, e.Losses.SGD[:1]) },
				func(e *exported) error { return e.follows(t, "eval.onnx", sgd, false, e.Losses.SGD[:1]) },
				func(e *exported) error { return e.infers(t) },
				func(e *exported) error { return e.infersFolded(t) },
			}
			for seed := 1; seed <= torchRuns && len(open) > 0; seed++ {
				e := export(t, python, name, seed)
				open = slices.DeleteFunc(open, func(compare func(*exported) error) bool {
					err := compare(e)
					if err != nil {
						t.Logf("seed %d: %v", seed, err)
					}
					return err == nil
				})
			}
			if len(open) > 0 {
				t.Errorf("%d comparisons held for none of %d networks", len(open), torchRuns)
			}
		})
	}
}

// follows takes the steps of PyTorch's training. After the first one of SGD
// the momentum is the gradient.
func (e *exported) follows(t *testing.T, file string, o Optimizer, standard bool, losses []float64) error {
	step, err := NewStep(e.load(t, file), StepOptions{Optimizer: o, standard: standard})
	if err != nil {
		t.Fatal(err)
	}
	defer step.Close()
	b, err := step.NewBatch(e.Batch)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	for i, x := range e.set.x {
		copy(b.Samples()[i*len(x):], x)
		b.SetLabel(i, e.set.labels[i])
	}
	for k, want := range losses {
		rate, known := e.Rates[o.Name()]
		if !known {
			t.Fatalf("no rate for %s", o.Name())
		}
		loss, err := step.Run(t.Context(), b, rate)
		if err != nil {
			t.Fatal(err)
		}
		if d := math.Abs(float64(loss) - want); !(d <= followTolerance*want) {
			return fmt.Errorf("%s, %s, step %d: loss %v, PyTorch %v", file, o.Name(), k+1, loss, want)
		}
		if k == 0 && o.Name() == (SGD{}).Name() {
			if err := e.sameGradients(momenta(step), e.train); err != nil {
				return fmt.Errorf("%s: %w", file, err)
			}
		}
	}
	return nil
}

// momenta are those of the parameters, by name.
func momenta(s *Step) map[string][]float32 {
	out := map[string][]float32{}
	for i, v := range s.graph.state {
		if v.kind == slot {
			out[v.of] = s.values(i)
		}
	}
	return out
}

// infers compares the gradients of the network as it infers.
func (e *exported) infers(t *testing.T) error {
	if err := e.sameGradients(e.inference(t, e.load(t, "eval.onnx")), e.eval); err != nil {
		return fmt.Errorf("eval.onnx: %w", err)
	}
	return nil
}

func (e *exported) inference(t *testing.T, m *onnxio.Model) map[string][]float32 {
	for got, err := range Gradients(t.Context(), m, e.set, GradientOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	t.Fatal("no batch")
	return nil
}

// infersFolded compares the gradients by the weights of convolutions into
// which a BatchNorm was merged. They are then scaled by what it scales by, and
// the gradients by its inverse.
func (e *exported) infersFolded(t *testing.T) error {
	plain, folded := e.load(t, "eval.onnx").Graph, e.load(t, "folded.onnx")
	got := e.inference(t, folded)
	convs := func(g *onnxio.Graph) (all []*onnxio.Node) {
		for _, n := range g.Nodes() {
			if n.Op() == "Conv" {
				all = append(all, n)
			}
		}
		return all
	}
	merged := convs(folded.Graph)
	ours, theirs := map[string][]float32{}, map[string][]float64{}
	for i, n := range convs(plain) {
		name := n.Input(1)
		grad := slices.Clone(got[merged[i].Input(1)])
		if bn := plain.Consumers(n.Output(0))[0].Node; bn.Op() == "BatchNormalization" && merged[i].Input(1) != name {
			scale, variance := floats(t, plain.Initializer(bn.Input(1))), floats(t, plain.Initializer(bn.Input(4)))
			for k := range grad {
				c := k / (len(grad) / len(scale))
				grad[k] *= scale[c] / float32(math.Sqrt(float64(variance[c]+bn.Float("epsilon", 1e-5))))
			}
		}
		ours[name], theirs[name] = grad, e.eval[name]
	}
	if err := e.sameGradients(ours, theirs); err != nil {
		return fmt.Errorf("folded.onnx: %w", err)
	}
	return nil
}

// sameGradients compares the gradient by every parameter.
func (e *exported) sameGradients(got map[string][]float32, want map[string][]float64) error {
	greatest := 0.0
	for _, w := range want {
		greatest = max(greatest, greatestOf(w))
	}
	for name, theirs := range want {
		ours := got[name]
		if len(ours) != len(theirs) {
			return fmt.Errorf("no gradient by %s", name)
		}
		off := 0.0
		for i, w := range theirs {
			off = max(off, math.Abs(float64(ours[i])-w))
		}
		if size := max(greatestOf(theirs), cancelled*greatest); !(off <= gradientTolerance*size) {
			return fmt.Errorf("gradient by %s is off by %.2g of %.2g", name, off, size)
		}
	}
	return nil
}

func greatestOf(v []float64) float64 {
	g := 0.0
	for _, x := range v {
		g = max(g, math.Abs(x))
	}
	return g
}

func (e *exported) load(t *testing.T, file string) *onnxio.Model {
	t.Helper()
	m, err := onnxio.Load(filepath.Join(e.folder, file))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// export has PyTorch write a network and what becomes of it.
func export(t *testing.T, python, name string, seed int) *exported {
	t.Helper()
	e := &exported{folder: t.TempDir(), train: map[string][]float64{}, eval: map[string][]float64{}}
	cmd := exec.Command(python, "-B", "-W", "ignore", "testdata/torch_networks.py", name, strconv.Itoa(seed), e.folder)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("PyTorch: %v\n%s", err, out)
	}
	if err := json.Unmarshal(e.read(t, "run.json"), e); err != nil {
		t.Fatal(err)
	}
	n := e.Batch
	e.set = &samples{shape: e.Input[:]}
	x, labels := make([]float32, n*size(e.set.shape)), make([]int64, n)
	decode(t, e.read(t, "x.bin"), x)
	decode(t, e.read(t, "y.bin"), labels)
	for i, l := range labels {
		e.set.x = append(e.set.x, x[i*size(e.set.shape):][:size(e.set.shape)])
		e.set.labels = append(e.set.labels, int(l))
	}
	gradients := e.read(t, "gradients.bin")
	for _, to := range []map[string][]float64{e.train, e.eval} {
		for _, p := range e.Parameters {
			n, _ := onnxio.ShapeOf(p.Shape...).Size().Value()
			to[p.Name] = make([]float64, n)
			decode(t, gradients[:8*n], to[p.Name])
			gradients = gradients[8*n:]
		}
	}
	return e
}

func (e *exported) read(t *testing.T, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(e.folder, file))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// decode fills a slice of numbers from their bytes.
func decode(t *testing.T, b []byte, into any) {
	t.Helper()
	if err := binary.Read(bytes.NewReader(b), binary.NativeEndian, into); err != nil {
		t.Fatal(err)
	}
}
