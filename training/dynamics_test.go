package training

import (
	"context"
	"math"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/ort"
	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
)

// The answers to one sample, taken six times, its label 1.
func TestDynamicsOfAnswers(t *testing.T) {
	t.Parallel()
	set := noise(1, 3, 3, 2)
	d, err := newDynamics(Options{Dynamics: &DynamicsOptions{Early: 2}}, &reader{set: set}, true)
	if err != nil {
		t.Fatal(err)
	}
	ln := func(p ...float64) []float32 {
		var out []float32
		for _, v := range p {
			out = append(out, float32(math.Log(v)))
		}
		return out
	}
	for epoch, p := range [][]float64{
		{0.5, 0.3, 0.2}, // wrong
		{0.2, 0.6, 0.2}, // right
		{0.6, 0.2, 0.2}, // forgotten
		{0.6, 0.3, 0.1}, // still wrong
		{0.1, 0.8, 0.1}, // right again
		{0.1, 0.4, 0.5}, // forgotten again
	} {
		d.one(0, 1, ln(p...), 9, epoch < d.early)
		d.one(1, 2, ln(0.5, 0.3, 0.2), 4, epoch < d.early)
	}
	got := d.samples()
	first, second := math.Sqrt(0.25+0.49+0.04), math.Sqrt(0.04+0.16+0.04)
	margins := math.Log(0.3/0.5) + math.Log(0.6/0.2) + math.Log(0.2/0.6) + math.Log(0.3/0.6) + math.Log(0.8/0.1) + math.Log(0.4/0.5)
	for i, want := range []Dynamics{
		{Taken: 6, Forgotten: 2, Learned: true, EL2N: (first + second) / 2, GraNd: 3 * (first + second) / 2, AUM: margins / 6, Class: 2, Confidence: 0.5},
		{Taken: 6, EL2N: math.Sqrt(0.25 + 0.09 + 0.64), GraNd: 2 * math.Sqrt(0.25+0.09+0.64), AUM: math.Log(0.2 / 0.5), Confidence: 0.5},
	} {
		near := func(a, b float64) bool { return math.Abs(a-b) < 1e-6 }
		g := got[i]
		if g.Taken != want.Taken || g.Forgotten != want.Forgotten || g.Learned != want.Learned || g.Class != want.Class ||
			!near(g.EL2N, want.EL2N) || !near(g.GraNd, want.GraNd) || !near(g.AUM, want.AUM) || !near(g.Confidence, want.Confidence) {
			t.Errorf("sample %d: %+v, want %+v", i, g, want)
		}
	}
	if g := got[2]; g.Taken != 0 || g.Learned || !math.IsNaN(g.EL2N) {
		t.Errorf("a sample that was never taken: %+v", g)
	}
}

// lastForms are networks with the same last layer in the forms it comes in.
func lastForms(t *testing.T) map[string]*onnxio.Model {
	with := func(f func(*onnxio.Graph, *onnxio.Patch, *onnxio.Node)) *onnxio.Model {
		m := twoLayers(3, 6, 5, 4)
		p := m.Graph.Edit()
		f(m.Graph, p, m.Graph.Nodes()[2])
		if err := p.Apply(); err != nil {
			t.Fatal(err)
		}
		return m
	}
	return map[string]*onnxio.Model{
		"Gemm": twoLayers(3, 6, 5, 4),
		"scaled Gemm without biases": with(func(_ *onnxio.Graph, p *onnxio.Patch, n *onnxio.Node) {
			p.Remove(n)
			p.Add(onnxio.NodeSpec{Op: "Gemm", Inputs: []string{"r", "w2"}, Outputs: []string{"logits"}, Attrs: []onnxio.Attr{onnxio.Int("transB", 1), onnxio.Float("alpha", 1.5)}})
		}),
		"MatMul and Add": with(func(_ *onnxio.Graph, p *onnxio.Patch, n *onnxio.Node) {
			p.Remove(n)
			p.SetInitializer(onnxio.NewTensor("w2", []int64{5, 4}, make([]float32, 20)))
			p.Add(onnxio.NodeSpec{Op: "MatMul", Inputs: []string{"r", "w2"}, Outputs: []string{"product"}})
			p.Add(onnxio.NodeSpec{Op: "Add", Inputs: []string{"b2", "product"}, Outputs: []string{"logits"}})
		}),
	}
}

// GraNd is the norm of the gradient by the last layer of each sample's own
// loss, as the gradients of batches of one say.
func TestGraNdIsTheGradient(t *testing.T) {
	orttest.Need(t)
	set := noise(4, 9, 4, 6)
	for name, m := range lastForms(t) {
		o := Options{
			Batch: 4, Schedule: Phases{{3, 0}}, Dynamics: &DynamicsOptions{},
			Step: StepOptions{Loss: Loss{Smoothing: 0.2}, Session: ort.SessionOptions{Threads: 1}},
		}
		_, h := train(t, m, set, o)
		i := 0
		for grads, err := range Gradients(context.Background(), m, set, GradientOptions{Batch: 1}) {
			if err != nil {
				t.Fatal(err)
			}
			square := 0.0
			for weight, g := range grads {
				if weight != "w2" && weight != "b2" {
					continue
				}
				for _, v := range g {
					square += float64(v) * float64(v)
				}
			}
			if d := h.Dynamics[i]; d.Taken != 3 || math.Abs(d.GraNd-math.Sqrt(square)) > 1e-5*math.Sqrt(square) {
				t.Errorf("%s: sample %d: %+v, want a GraNd of %v", name, i, d, math.Sqrt(square))
			}
			i++
		}
		if i != set.Len() {
			t.Fatalf("%d gradients", i)
		}
	}
	softmax := endingIn(t, twoLayers(3, 6, 5, 4), "Softmax")
	_, h := train(t, softmax, set, Options{Steps: 2, Dynamics: &DynamicsOptions{}})
	if !(h.Dynamics[0].GraNd > 0) {
		t.Errorf("before a Softmax: %+v", h.Dynamics[0])
	}
	none := endingIn(t, twoLayers(3, 6, 5, 4), "Tanh")
	_, h = train(t, none, set, Options{Steps: 2, Dynamics: &DynamicsOptions{}})
	if d := h.Dynamics[0]; !math.IsNaN(d.GraNd) || !(d.EL2N > 0) {
		t.Errorf("logits of no fully connected layer: %+v", d)
	}
}

// What is gathered survives a kill, and gathering changes nothing.
func TestDynamicsResume(t *testing.T) {
	orttest.Need(t)
	o := tinyOptions()
	plain, _ := train(t, tiny(t), tinySet(tinySamples), o)
	o.Dynamics = &DynamicsOptions{Early: 2}
	gathered, want := train(t, tiny(t), tinySet(tinySamples), o)
	if string(marshal(t, plain)) != string(marshal(t, gathered)) {
		t.Error("gathering changed the training")
	}
	o.Checkpoint, o.Every, o.Resume = filepath.Join(t.TempDir(), "run.onnx"), 2, true
	ctx, cancel := context.WithCancel(context.Background())
	stopped := o
	stopped.Progress = func(p Progress) {
		if p.Step == 5 {
			cancel()
		}
	}
	if _, _, err := Train(ctx, tiny(t), tinySet(tinySamples), stopped); err == nil {
		t.Fatal("was not stopped")
	}
	other := o
	other.Dynamics = nil
	if _, _, err := Train(context.Background(), tiny(t), tinySet(tinySamples), other); err == nil || !strings.Contains(err.Error(), "another dynamics") {
		t.Errorf("error %v", err)
	}
	_, got := train(t, tiny(t), tinySet(tinySamples), o)
	if !reflect.DeepEqual(got.Dynamics, want.Dynamics) {
		t.Errorf("%+v\nwant %+v", got.Dynamics, want.Dynamics)
	}
}

func TestDynamicsRefuse(t *testing.T) {
	orttest.Need(t)
	for want, f := range map[string]func(*Options){
		"-1 early epochs":   func(o *Options) { o.Dynamics.Early = -1 },
		"leave out mixup":   func(o *Options) { o.Augment.Mixup = 1 },
		"are of cross-entr": func(o *Options) { o.Step.Loss.Kind = BinaryCrossEntropy },
	} {
		o := tinyOptions()
		o.Dynamics = &DynamicsOptions{}
		f(&o)
		if _, _, err := Train(context.Background(), tiny(t), tinySet(tinySamples), o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q in it", err, want)
		}
	}
}
