package training

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
)

// edited returns a copy of a model after a patch.
func edited(t *testing.T, m *onnxio.Model, edit func(g *onnxio.Graph, p *onnxio.Patch)) *onnxio.Model {
	t.Helper()
	m = m.Clone()
	p := m.Graph.Edit()
	edit(m.Graph, p)
	if err := p.Apply(); err != nil {
		t.Fatal(err)
	}
	return m
}

// twins are models that compute what m does of images, in the forms that other
// exporters write: the channels last, and logits with an image of one pixel, with
// a Softmax behind them and without.
func twins(t *testing.T, m *onnxio.Model) map[string]*onnxio.Model {
	in, out := m.Graph.Inputs()[0], m.Graph.Outputs()[0]
	s, y := in.Type.Shape, out.Type.Shape
	last := func(g *onnxio.Graph, p *onnxio.Patch) {
		p.SetInputType("hwc", onnxio.Type{Elem: onnxio.Float32, Shape: onnxio.Shape{s[0], s[2], s[3], s[1]}})
		p.RemoveInput(in.Name)
		p.Add(onnxio.NodeSpec{Op: "Transpose", Inputs: []string{"hwc"}, Outputs: []string{in.Name}, Attrs: []onnxio.Attr{onnxio.Ints("perm", 0, 3, 1, 2)}})
	}
	point := func(g *onnxio.Graph, p *onnxio.Patch) {
		p.SetInitializer(onnxio.NewTensor("axes", []int64{2}, []int64{2, 3}))
		p.Add(onnxio.NodeSpec{Op: "Unsqueeze", Inputs: []string{out.Name, "axes"}, Outputs: []string{"point"}})
		p.RemoveOutput(out.Name)
		p.SetOutputType("point", onnxio.Type{Elem: onnxio.Float32, Shape: onnxio.Shape{y[0], y[1], onnxio.Known(1), onnxio.Known(1)}})
	}
	return map[string]*onnxio.Model{
		"channels last": edited(t, m, last),
		"one pixel":     edited(t, m, point),
		"both": edited(t, m, func(g *onnxio.Graph, p *onnxio.Patch) {
			last(g, p)
			point(g, p)
		}),
		"one pixel, Softmax": edited(t, edited(t, m, point), func(g *onnxio.Graph, p *onnxio.Patch) {
			declared, _ := g.Declared("point")
			p.Add(onnxio.NodeSpec{Op: "Softmax", Inputs: []string{"point"}, Outputs: []string{"probability"}, Attrs: []onnxio.Attr{onnxio.Int("axis", 1)}})
			p.RemoveOutput("point")
			p.SetOutputType("probability", declared)
		}),
	}
}

// Models in other forms are trained, judged and followed as the plain one is.
func TestFormsOfClassifiers(t *testing.T) {
	orttest.Need(t)
	m, set := tiny(t), tinySet(24)
	want, history := train(t, m, set, tinyOptions())
	judged := func(m *onnxio.Model) *Evaluation {
		t.Helper()
		e, err := Evaluate(context.Background(), m, set, EvalOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	taught := func(teacher *onnxio.Model) float64 {
		o := tinyOptions()
		o.Augment = Augment{}
		o.Step.Loss.Distill = 0.5
		o.Teacher = &Teacher{Model: teacher}
		_, h := train(t, m, set, o)
		return h.Epochs[len(h.Epochs)-1].Loss
	}
	wantTaught := taught(want)
	for name, twin := range twins(t, m) {
		got, h := train(t, twin, set, tinyOptions())
		if !slices.EqualFunc(h.Epochs, history.Epochs, func(a, b Epoch) bool { return a.Loss == b.Loss }) {
			t.Errorf("%s: the losses are %v, want %v", name, h.Epochs, history.Epochs)
		}
		for _, c := range want.Graph.Initializers() {
			a, err := got.Graph.Initializer(c.Name()).Bytes()
			b, err2 := c.Bytes()
			if err := errors.Join(err, err2); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(a, b) {
				t.Errorf("%s: %s is trained to something else", name, c.Name())
			}
		}
		for i, v := range got.Graph.Inputs() {
			if !v.Type.Shape.Equal(twin.Graph.Inputs()[i].Type.Shape) {
				t.Errorf("%s: the input is %v after training", name, v.Type)
			}
		}
		if a, b := judged(got), judged(want); a.Loss != b.Loss || a.Correct != b.Correct {
			t.Errorf("%s: evaluated to %v, want %v", name, a.Loss, b.Loss)
		}
		if loss := taught(got); loss != wantTaught {
			t.Errorf("%s: as a teacher it leads to a loss of %v, want %v", name, loss, wantTaught)
		}
	}
}

// What gives a value for each place of an image is no classifier.
func TestEvaluateRefusesMaps(t *testing.T) {
	orttest.Need(t)
	m := onnxio.New("map")
	shape := onnxio.Shape{onnxio.Symbol("N"), onnxio.Known(2), onnxio.Known(8), onnxio.Known(8)}
	p := m.Graph.Edit()
	p.SetInputType("x", onnxio.Type{Elem: onnxio.Float32, Shape: shape})
	p.Add(onnxio.NodeSpec{Op: "Relu", Inputs: []string{"x"}, Outputs: []string{"y"}})
	p.SetOutputType("y", onnxio.Type{Elem: onnxio.Float32, Shape: shape})
	if err := p.Apply(); err != nil {
		t.Fatal(err)
	}
	if _, err := Evaluate(context.Background(), m, noise(7, 8, 2, 2, 8, 8), EvalOptions{}); err == nil {
		t.Error("a map of values was taken for logits")
	}
}
