package training

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"os/exec"
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
	"github.com/prunefuse/prunefuse/onnxio/ort"
	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
)

// lossCase is a loss on a batch; its fields are what testdata/losses.py reads.
type lossCase struct {
	Name    string      `json:"name"`
	Loss    Loss        `json:"loss"`
	Logits  [][]float32 `json:"logits"`
	Labels  []int       `json:"labels"` // nil where Target is no class each
	Target  [][]float32 `json:"target"`
	Teacher [][]float32 `json:"teacher"`
}

func lossCases() []lossCase {
	rng := rand.New(rand.NewPCG(5, 6))
	rows := func(n, c int) [][]float32 {
		out := make([][]float32, n)
		for i := range out {
			for range c {
				out[i] = append(out[i], 3*float32(rng.NormFloat64()))
			}
		}
		return out
	}
	labelled := func(name string, l Loss, n, c int) lossCase {
		out := lossCase{Name: name, Loss: l, Logits: rows(n, c), Teacher: rows(n, c)}
		for i := range n {
			label := (i*i + 1) % max(c, 2)
			out.Labels = append(out.Labels, label)
			out.Target = append(out.Target, make([]float32, c))
			setLabel(out.Target[i], label)
		}
		return out
	}
	mixed := labelled("mixed", Loss{Smoothing: 0.1}, 4, 3)
	several := labelled("several labels", Loss{Kind: BinaryCrossEntropy, Weights: []float32{1, 3, 0.5}}, 4, 3)
	mixed.Labels, several.Labels = nil, nil
	for i := range mixed.Target {
		mixed.Target[i] = []float32{0.25, 0.125 * float32(i), 0.75 - 0.125*float32(i)}
		several.Target[i] = []float32{1, float32(i % 2), 0.5}
	}
	weights := []float32{0.5, 2, 1, 4}
	return []lossCase{
		labelled("plain", Loss{}, 6, 4),
		labelled("smoothed", Loss{Smoothing: 0.2}, 6, 4),
		labelled("weighted", Loss{Kind: CrossEntropy, Weights: weights}, 6, 4),
		labelled("smoothed and weighted", Loss{Smoothing: 0.3, Weights: weights}, 6, 4),
		mixed,
		labelled("distilled", Loss{Distill: 0.7, Temperature: 4}, 5, 3),
		labelled("distilled, weighted", Loss{Distill: 0.25, Temperature: 2.5, Smoothing: 0.1, Weights: weights}, 5, 4),
		labelled("nothing but the teacher", Loss{Distill: 1}, 5, 3),
		labelled("binary", Loss{Kind: BinaryCrossEntropy}, 7, 1),
		labelled("one against the rest", Loss{Kind: BinaryCrossEntropy}, 5, 3),
		several,
	}
}

// reference returns the loss in float64, straight from its definition.
func (c lossCase) reference(logits [][]float64) float64 {
	logSoftmax := func(x []float64, t float64) []float64 {
		sum := 0.0
		for _, v := range x {
			sum += math.Exp(v / t)
		}
		out := make([]float64, len(x))
		for k, v := range x {
			out[k] = v/t - math.Log(sum)
		}
		return out
	}
	l, n := c.Loss, float64(len(logits))
	weight := func(k int) float64 {
		if l.Weights == nil {
			return 1
		}
		return float64(l.Weights[k])
	}
	var sum, mass, kl float64
	t := max(float64(l.Temperature), 1)
	for i, row := range logits {
		classes := float64(len(row))
		if l.Kind == BinaryCrossEntropy {
			for k, x := range row {
				p, y := 1/(1+math.Exp(-x)), float64(c.Target[i][k])
				sum -= weight(k) * (y*math.Log(p) + (1-y)*math.Log(1-p)) / classes
			}
			mass++
			continue
		}
		teacher := make([]float64, len(row))
		for k, v := range c.Teacher[i] {
			teacher[k] = float64(v)
		}
		hard, soft, wanted := logSoftmax(row, 1), logSoftmax(row, t), logSoftmax(teacher, t)
		for k := range row {
			y := float64(c.Target[i][k])
			mass += y * weight(k)
			sum -= weight(k) * (y*(1-float64(l.Smoothing)) + float64(l.Smoothing)/classes) * hard[k]
			kl += math.Exp(wanted[k]) * (wanted[k] - soft[k]) / n
		}
	}
	lambda := float64(l.Distill)
	return (1-lambda)*sum/mass + lambda*t*t*kl
}

// run computes the loss and its gradient in the runtime.
func (c lossCase) run(t *testing.T) (value float32, grad []float32) {
	t.Helper()
	m := onnxio.New("loss")
	m.SetOpset("", 17)
	p := m.Graph.Edit()
	n, outputs := int64(len(c.Logits)), int64(len(c.Logits[0]))
	typ := onnxio.Type{Elem: onnxio.Float32, Shape: onnxio.Shape{onnxio.Symbol("N"), onnxio.Known(outputs)}}
	var in []*ort.Tensor
	for _, v := range []struct {
		name string
		rows [][]float32
	}{{"logits", c.Logits}, {"target", c.Target}, {"teacher", c.Teacher}} {
		p.SetInputType(v.name, typ)
		var flat []float32
		for _, row := range v.rows {
			flat = append(flat, row...)
		}
		x, err := ort.NewTensor([]int64{n, outputs}, flat)
		if err != nil {
			t.Fatal(err)
		}
		in = append(in, x)
	}
	l := c.Loss.write(op.NewEmit(p, 17, "l."), "logits", "target", "teacher", outputs)
	p.SetOutputType(l.value, onnxio.Type{Elem: onnxio.Float32, Shape: onnxio.ShapeOf(1)})
	p.SetOutputType(l.grad, typ)
	if err := p.Apply(); err != nil {
		t.Fatal(err)
	}
	s, err := ort.NewSession(marshal(t, m), ort.SessionOptions{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	out := make([]*ort.Tensor, 2)
	if err := s.Run(context.Background(), in, out); err != nil {
		t.Fatal(err)
	}
	return ort.Data[float32](out[0])[0], ort.Data[float32](out[1])
}

func TestLosses(t *testing.T) {
	orttest.Need(t)
	for _, c := range lossCases() {
		value, grad := c.run(t)
		logits := make([][]float64, len(c.Logits))
		for i, row := range c.Logits {
			for _, v := range row {
				logits[i] = append(logits[i], float64(v))
			}
		}
		if want := c.reference(logits); math.Abs(float64(value)-want) > 1e-6*max(1, want) {
			t.Errorf("%s: %v, want %v", c.Name, value, want)
		}
		k := 0
		for i, row := range logits {
			for j := range row {
				const h = 1e-5
				row[j] += h
				up := c.reference(logits)
				row[j] -= 2 * h
				down := c.reference(logits)
				row[j] += h
				if want := (up - down) / (2 * h); math.Abs(float64(grad[k])-want) > 2e-6 {
					t.Errorf("%s: gradient [%d %d] is %v, want %v", c.Name, i, j, grad[k], want)
				}
				k++
			}
		}
	}
}

// TestLossesOfPyTorch holds the losses against those of torch.nn.functional.
func TestLossesOfPyTorch(t *testing.T) {
	orttest.Need(t)
	cases := lossCases()
	in, err := json.Marshal(cases)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(torchPython(t), "testdata/losses.py")
	cmd.Stdin = bytes.NewReader(in)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("PyTorch: %v\n%s", err, stderr.String())
	}
	var theirs []struct {
		Value float64   `json:"value"`
		Grad  []float64 `json:"grad"`
	}
	if err := json.Unmarshal(out, &theirs); err != nil {
		t.Fatal(err)
	}
	for i, c := range cases {
		value, grad := c.run(t)
		if d := math.Abs(float64(value) - theirs[i].Value); !(d <= 2e-6) {
			t.Errorf("%s: %v, PyTorch %v", c.Name, value, theirs[i].Value)
		}
		for k, want := range theirs[i].Grad {
			if d := math.Abs(float64(grad[k]) - want); !(d <= 1e-6) {
				t.Errorf("%s: gradient %d is %v, PyTorch's %v", c.Name, k, grad[k], want)
			}
		}
	}
}

// The loss that an evaluation counts is that of the training without what is
// only of training.
func TestLossOfSample(t *testing.T) {
	for _, c := range lossCases() {
		c.Loss = Loss{Kind: c.Loss.Kind}
		sum := 0.0
		logits := make([][]float64, len(c.Logits))
		mass := 0.0
		for i, row := range c.Logits {
			sum += c.Loss.kind().of(row, c.Target[i])
			for k, v := range row {
				logits[i] = append(logits[i], float64(v))
				mass += float64(c.Target[i][k])
			}
		}
		if c.Loss.binary() {
			mass = float64(len(c.Logits))
		}
		if want := c.reference(logits); math.Abs(sum/mass-want) > 1e-9 {
			t.Errorf("%s: %v, want %v", c.Name, sum/mass, want)
		}
	}
}

func TestLossRefuses(t *testing.T) {
	orttest.Need(t)
	nan := float32(math.NaN())
	for want, l := range map[string]Loss{
		`loss "hinge"`:                          {Kind: "hinge"},
		"label smoothing 1":                     {Smoothing: 1},
		"label smoothing NaN":                   {Smoothing: nan},
		"weight 1.5":                            {Distill: 1.5},
		"temperature -1":                        {Distill: 0.5, Temperature: -1},
		"class weight 1 is 0":                   {Weights: []float32{1, 0, 1, 1}},
		"3 class weights":                       {Weights: []float32{1, 1, 1}},
		"smoothing is for cross":                {Kind: BinaryCrossEntropy, Smoothing: 0.1},
		"distillation is for":                   {Kind: BinaryCrossEntropy, Distill: 0.1},
		"a teacher and a weight":                {Distill: 0.5},
		"at least 2 for the loss cross-entropy": {},
	} {
		o := tinyOptions()
		o.Step.Loss = l
		m := tiny(t)
		if l.check() == nil && l.Distill == 0 && l.Weights == nil {
			m = twoLayers(1, 128, 4, 1)
		}
		_, _, err := Train(context.Background(), m, tinySet(tinySamples), o)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q in it", err, want)
		}
	}
}

// TestTrainBinary trains one output, and outputs for several labels a sample.
func TestTrainBinary(t *testing.T) {
	orttest.Need(t)
	for _, outputs := range []int{1, 3} {
		set := Set(noise(3, 12, 2, 5))
		if outputs > 1 {
			set = &tagged{noise(3, 12, 2, 5)}
		}
		o := Options{
			Batch: 6, Schedule: Phases{{150, 0.5}}, Validation: set,
			Step: StepOptions{Optimizer: SGD{Momentum: 0.9}, Loss: Loss{Kind: BinaryCrossEntropy}, Session: ort.SessionOptions{Threads: 1}},
		}
		for _, tail := range []string{"", "Sigmoid"} {
			m := twoLayers(1, 5, 16, int64(outputs))
			if tail != "" {
				m = endingIn(t, m, tail)
			}
			trained, h := train(t, m, set, o)
			last := h.Epochs[len(h.Epochs)-1]
			if last.Train < 1 || last.Validation.Accuracy < 1 || last.Loss > 0.1 || math.Abs(last.Validation.Loss-last.Loss) > 0.05 {
				t.Errorf("%d outputs, %q: %+v, validation %+v", outputs, tail, last, *last.Validation)
			}
			e, err := Evaluate(context.Background(), trained, set, EvalOptions{Loss: BinaryCrossEntropy})
			if err != nil {
				t.Fatal(err)
			}
			if e.Accuracy < 1 || (e.Confusion == nil) != (outputs > 1) || math.Abs(e.Loss-last.Validation.Loss) > 1e-6 {
				t.Errorf("%d outputs, %q: evaluates to %+v", outputs, tail, e)
			}
		}
	}
}

// tagged is a set with three labels a sample, each its own yes or no.
type tagged struct{ *samples }

func (s *tagged) Target(i int, dst []float32) error {
	if s.bad > 0 && i == s.bad {
		return errors.New("no targets")
	}
	for k := range dst {
		dst[k] = float32((i >> k) & 1)
	}
	return nil
}

// endingIn returns a model with one more node behind its logits.
func endingIn(t *testing.T, m *onnxio.Model, tail string) *onnxio.Model {
	t.Helper()
	out := m.Graph.Outputs()[0]
	p := m.Graph.Edit()
	p.RemoveOutput(out.Name)
	p.Add(onnxio.NodeSpec{Op: tail, Inputs: []string{out.Name}, Outputs: []string{"p"}})
	p.SetOutputType("p", out.Type)
	if err := p.Apply(); err != nil {
		t.Fatal(err)
	}
	return m
}
