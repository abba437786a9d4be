package training

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
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

// torchNetworks are those of testdata/torch_networks.py.
var torchNetworks = []string{
	"resnet20", "vgg11_bn", "mobilenet_v2", "densenet", "efficientnet_b0", "vit_tiny", "convnext_tiny", "shufflenet_v2_x0_5",
}

const (
	// gradientTolerance is how far a gradient may be from PyTorch's, beside
	// the greatest element of its tensor. Where what it sums cancels, as of a
	// bias before a BatchNorm to zero, rounding is beside what cancels: so no
	// tensor counts as less than a hundredth of the network's greatest.
	gradientTolerance = 1e-4
	cancelled         = 1e-2
	// In a training no loss may be further from PyTorch's in float64 than
	// followFactor times as far as PyTorch's own in float32 come to be, or,
	// beside the greatest loss, followFloor. Rounding parts those two by up to
	// 7e-2 within six steps where it crosses kinks and BatchNorm over few
	// values magnifies it (ShuffleNet), and by 1e-6 in networks of smooth
	// functions.
	followFactor = 3
	followFloor  = 1e-5
	torchStates  = 3 // of each training, from which steps are compared one by one
	// statisticTolerance is how far a running statistic may be from PyTorch's
	// after a step, beside the greatest of its tensor.
	statisticTolerance = 1e-5
)

// exported is what torch_networks.py wrote.
type exported struct {
	Parameters []torchTensor      `json:"parameters"`
	Statistics []torchTensor      `json:"statistics"`
	Input      [3]int             `json:"input"`
	Batch      int                `json:"batch"`
	Rates      map[string]float32 `json:"rates"`
	Losses     struct {
		SGD   course `json:"sgd"`
		AdamW course `json:"adamw"`
	} `json:"losses"`

	folder string
	set    *samples
	states []map[string][]float32 // parameters and statistics
	train  []map[string][]float64 // gradients by parameter, from each state but the last
	eval   map[string][]float64   // from the first
}

// course is the losses of a training.
type course struct {
	Float32 []float64 `json:"float32"`
	Float64 []float64 `json:"float64"`
}

// TestNetworksEqualPyTorch takes whole networks, as torch.onnx exports them in
// one form and another, and compares losses, gradients and steps with
// PyTorch's. Where an activation is zero but for rounding and falls on the
// other side of a kink, the gradient is another one: so each comparison has to
// hold for one of a few batches.
func TestNetworksEqualPyTorch(t *testing.T) {
	orttest.Need(t)
	python := torchPython(t)
	if exec.Command(python, "-c", "import onnx, torchvision").Run() != nil {
		t.Skip("no onnx and torchvision beside torch (Debian: python3-onnx python3-torchvision)")
	}
	sgd, adamW := SGD{Momentum: 0.9}, AdamW{WeightDecay: 0.01}
	for _, name := range torchNetworks {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			open := []func(e *exported) error{
				func(e *exported) error { return e.follows(t, sgd, e.Losses.SGD) },
				func(e *exported) error { return e.follows(t, adamW, e.Losses.AdamW) },
				func(e *exported) error { return e.step(t, "train.onnx", true, 0) },
				func(e *exported) error { return e.step(t, "eval.onnx", false, 0) },
				func(e *exported) error { return e.infers(t) },
				func(e *exported) error { return e.infersFolded(t) },
			}
			folder := t.TempDir()
			for k := range torchStates {
				open = append(open, func(e *exported) error { return e.step(t, "train.onnx", false, k) })
			}
			for seed := 1; seed <= torchRuns && len(open) > 0; seed++ {
				e := export(t, python, name, seed, folder)
				open = slices.DeleteFunc(open, func(compare func(*exported) error) bool {
					err := compare(e)
					if err != nil {
						t.Logf("seed %d: %v", seed, err)
					}
					return err == nil
				})
			}
			if len(open) > 0 {
				t.Errorf("%d comparisons held for none of %d batches", len(open), torchRuns)
			}
		})
	}
}

// follows takes the steps of PyTorch's training.
func (e *exported) follows(t *testing.T, o Optimizer, theirs course) error {
	step, b := e.begin(t, "train.onnx", StepOptions{Optimizer: o})
	defer step.Close()
	defer b.Close()
	rate, known := e.Rates[o.Name()]
	if !known {
		t.Fatalf("no rate for %s", o.Name())
	}
	ours, pytorch, size := 0.0, 0.0, 0.0
	for k, want := range theirs.Float64 {
		loss, err := step.Run(t.Context(), b, rate)
		if err != nil {
			t.Fatal(err)
		}
		ours = max(ours, math.Abs(float64(loss)-want))
		pytorch = max(pytorch, math.Abs(theirs.Float32[k]-want))
		size = max(size, want)
	}
	if !(ours <= max(followFactor*pytorch, followFloor*size)) {
		return fmt.Errorf("%s: losses are off by up to %.2g of %.2g, PyTorch's in float32 by %.2g", o.Name(), ours, size, pytorch)
	}
	return nil
}

// step takes one from the k-th state of PyTorch's training, so that nothing
// adds up, and compares the gradients and what becomes of the running
// statistics.
func (e *exported) step(t *testing.T, file string, standard bool, k int) error {
	step, b := e.begin(t, file, StepOptions{Optimizer: SGD{Momentum: 0.9}, standard: standard})
	defer step.Close()
	defer b.Close()
	for i, v := range step.graph.state {
		if v.kind != slot {
			copy(step.values(i), e.states[k][v.of])
		}
	}
	if _, err := step.Run(t.Context(), b, e.Rates[SGD{}.Name()]); err != nil {
		t.Fatal(err)
	}
	gradients, statistics := map[string][]float32{}, map[string][]float32{}
	for i, v := range step.graph.state {
		switch v.kind {
		case slot: // the momentum, which was zero
			gradients[v.of] = step.values(i)
		case statistic:
			statistics[v.of] = step.values(i)
		}
	}
	err := e.sameGradients(gradients, e.train[k])
	if err == nil {
		err = e.sameStatistics(statistics, e.states[k+1])
	}
	if err != nil {
		return fmt.Errorf("%s, step %d: %w", file, k+1, err)
	}
	return nil
}

// begin prepares the training of a file with PyTorch's batch.
func (e *exported) begin(t *testing.T, file string, o StepOptions) (*Step, *Batch) {
	t.Helper()
	step, err := NewStep(e.load(t, file), o)
	if err != nil {
		t.Fatal(err)
	}
	b, err := step.NewBatch(e.Batch)
	if err != nil {
		t.Fatal(err)
	}
	for i, x := range e.set.x {
		copy(b.Samples()[i*len(x):], x)
		b.SetLabel(i, e.set.labels[i])
	}
	return step, b
}

// sameStatistics compares every running statistic.
func (e *exported) sameStatistics(got, want map[string][]float32) error {
	for _, s := range e.Statistics {
		ours, theirs := got[s.Name], want[s.Name]
		if len(ours) != len(theirs) {
			return fmt.Errorf("no running statistic %s", s.Name)
		}
		off, size := 0.0, 0.0
		for i, w := range theirs {
			off, size = max(off, math.Abs(float64(ours[i]-w))), max(size, math.Abs(float64(w)))
		}
		if !(off <= statisticTolerance*size) {
			return fmt.Errorf("%s is off by %.2g of %.2g", s.Name, off, size)
		}
	}
	return nil
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

// export has PyTorch write a network and what becomes of it with the batch of a
// seed.
func export(t *testing.T, python, name string, seed int, folder string) *exported {
	t.Helper()
	e := &exported{folder: folder}
	cmd := exec.Command(python, "-B", "-W", "ignore", "testdata/torch_networks.py", name, strconv.Itoa(seed), e.folder)
	cmd.Env = append(os.Environ(), "PYTHONPATH=../internal/torchpeer")
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
	states, gradients := bytes.NewReader(e.read(t, "states.bin")), bytes.NewReader(e.read(t, "gradients.bin"))
	for states.Len() > 0 {
		e.states = append(e.states, tensors[float32](t, states, slices.Concat(e.Parameters, e.Statistics)))
	}
	for range len(e.states) - 1 {
		e.train = append(e.train, tensors[float64](t, gradients, e.Parameters))
	}
	e.eval = tensors[float64](t, gradients, e.Parameters)
	return e
}

// tensors reads one after another.
func tensors[T float32 | float64](t *testing.T, r io.Reader, all []torchTensor) map[string][]T {
	t.Helper()
	out := map[string][]T{}
	for _, p := range all {
		n, _ := onnxio.ShapeOf(p.Shape...).Size().Value()
		out[p.Name] = make([]T, n)
		if err := binary.Read(r, binary.NativeEndian, out[p.Name]); err != nil {
			t.Fatal(err)
		}
	}
	return out
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
