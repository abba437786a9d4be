package training

import (
	"bytes"
	"context"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/data"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/ort"
	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
)

// distilling are options under which nothing but the teacher counts.
func distilling(m *onnxio.Model) Options {
	return Options{
		Batch: 8, Steps: 6, Schedule: Phases{{1, 0.05}}, Seed: 2, Teacher: &Teacher{Model: m},
		Step: StepOptions{Loss: Loss{Distill: 1, Temperature: 3}, Session: ort.SessionOptions{Threads: 1}},
	}
}

// normalising returns a model that normalises its input itself, every value
// alike.
func normalising(t *testing.T, m *onnxio.Model, mean, std float32) *onnxio.Model {
	t.Helper()
	p := m.Graph.Edit()
	for name, v := range map[string]float32{"mean": mean, "std": std} {
		p.SetInitializer(onnxio.Scalar(name, v))
	}
	p.Add(onnxio.NodeSpec{Op: "Sub", Inputs: []string{"x", "mean"}, Outputs: []string{"centred"}})
	p.Add(onnxio.NodeSpec{Op: "Div", Inputs: []string{"centred", "std"}, Outputs: []string{"normal"}})
	p.SetInput(m.Graph.Nodes()[0], 0, "normal")
	if err := p.Apply(); err != nil {
		t.Fatal(err)
	}
	return m
}

// TestTeacherSeesWhatTheStudentSees has a student learn from its own copy:
// nothing is left to learn as long as the copy gets the same samples.
func TestTeacherSeesWhatTheStudentSees(t *testing.T) {
	orttest.Need(t)
	set := tinySet(tinySamples)
	raw := normalising(t, twoLayers(4, 128, 9, 4), 0.25, 1.5)
	for name, teacher := range map[string]*Teacher{
		"the same":                   {Model: twoLayers(4, 128, 9, 4), Normalize: Normalize{Mean: []float32{0.25}, Std: []float32{1.5}}},
		"with another normalisation": {Model: raw},
		"with Softmax":               {Model: endingIn(t, raw.Clone(), "Softmax")},
	} {
		o := distilling(nil)
		o.Teacher = teacher
		o.Augment = Augment{Pad: 2, Flip: true}
		o.Normalize = Normalize{Mean: []float32{0.25}, Std: []float32{1.5}}
		first := float32(-1)
		o.Progress = func(p Progress) {
			if p.Step == 1 {
				first = p.Loss
			}
		}
		train(t, twoLayers(4, 128, 9, 4), set, o)
		if math.Abs(float64(first)) > 1e-6 {
			t.Errorf("%s: the divergence from itself is %v", name, first)
		}
	}
	o := distilling(twoLayers(5, 128, 9, 4))
	o.Progress = func(p Progress) {
		if p.Step == 1 && p.Loss < 1e-3 {
			t.Errorf("the divergence from another network is %v", p.Loss)
		}
	}
	train(t, twoLayers(4, 128, 9, 4), set, o)
}

// TestStudentLearnsFromTeacher gives a student labels that say nothing and a
// teacher that knows.
func TestStudentLearnsFromTeacher(t *testing.T) {
	orttest.Need(t)
	set := noise(9, 40, 4, 6)
	o := distilling(twoLayers(8, 6, 16, 4))
	o.Steps, o.Schedule, o.Step.Optimizer = 300, Phases{{1, 0.2}}, SGD{Momentum: 0.9}
	student, h := train(t, twoLayers(1, 6, 16, 4), set, o)
	if last := h.Epochs[len(h.Epochs)-1].Loss; last > 0.02 {
		t.Errorf("the divergence is still %v", last)
	}
	answers := func(m *onnxio.Model) *Evaluation {
		e, err := Evaluate(context.Background(), m, set, EvalOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	if a, b := answers(student), answers(o.Teacher.Model); math.Abs(a.Accuracy-b.Accuracy) > 0.1 {
		t.Errorf("the student is right on %v of the labels, the teacher on %v", a.Accuracy, b.Accuracy)
	}
}

func TestTeacherCache(t *testing.T) {
	orttest.Need(t)
	set, student := tinySet(tinySamples), twoLayers(4, 128, 9, 4)
	o := distilling(twoLayers(5, 128, 9, 4))
	o.Normalize = Normalize{Mean: []float32{0.25}, Std: []float32{1.5}}
	fresh, _ := train(t, student, set, o)

	o.Teacher.Cache = filepath.Join(t.TempDir(), "answers.npy")
	told := 0
	o.Teacher.Progress = func(done, total int) { told += done * total }
	for range 2 { // that writes it, and that reads it
		cached, _ := train(t, student, set, o)
		if !bytes.Equal(marshal(t, fresh), marshal(t, cached)) {
			t.Error("kept answers gave other bytes")
		}
	}
	if want := (8 + 16 + 20) * 20; told != want {
		t.Errorf("told %d, want %d from the one run that wrote", told, want)
	}
	a, err := data.OpenNPY(o.Teacher.Cache)
	if err != nil || a.Shape[0] != tinySamples || a.Shape[1] != 4 {
		t.Fatalf("%+v, %v", a, err)
	}
	a.Close()

	for _, c := range []struct {
		want string
		n    int
		o    func(*Options)
	}{
		{"another teacher; remove it", tinySamples, func(o *Options) { o.Teacher.Model = twoLayers(6, 128, 9, 4) }},
		{"it is of another set", tinySamples - 1, func(*Options) {}},
		{"to samples as they are", tinySamples, func(o *Options) { o.Augment.Flip = true }},
		{"answers.npy.txt", tinySamples, func(o *Options) {
			o.Teacher.Cache += ".txt"
			if err := os.WriteFile(o.Teacher.Cache, []byte("no array"), 0o600); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		bad, teacher := o, *o.Teacher
		bad.Teacher = &teacher
		c.o(&bad)
		if _, _, err := Train(context.Background(), student, tinySet(c.n), bad); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want %q in it", err, c.want)
		}
	}
}

func TestTeacherRefused(t *testing.T) {
	orttest.Need(t)
	nan := twoLayers(5, 128, 9, 4)
	p := nan.Graph.Edit()
	p.SetInitializer(onnxio.NewTensor("b2", []int64{4}, []float32{0, float32(math.NaN()), 0, 0}))
	if err := p.Apply(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		want string
		o    func(*Options)
	}{
		{"has 5 classes and the student's has 4", func(o *Options) { o.Teacher.Model = twoLayers(5, 128, 9, 5) }},
		{"and the student samples of 128", func(o *Options) { o.Teacher.Model = twoLayers(5, 64, 9, 4) }},
		{`no output "p"`, func(o *Options) { o.Teacher.Logits = "p" }},
		{"a teacher and a weight", func(o *Options) { o.Step.Loss.Distill = 0 }},
		{"teacher: its output is NaN", func(o *Options) { o.Teacher.Model = nan }},
		{"3 means", func(o *Options) { o.Teacher.Normalize.Mean = []float32{1, 2, 3} }},
	} {
		o := distilling(twoLayers(5, 128, 9, 4))
		c.o(&o)
		if _, _, err := Train(context.Background(), twoLayers(4, 128, 9, 4), tinySet(tinySamples), o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want %q in it", err, c.want)
		}
	}
}

// A run that goes on must go on with what it minimises.
func TestResumeWithTeacher(t *testing.T) {
	orttest.Need(t)
	student := twoLayers(4, 128, 9, 4)
	good := distilling(twoLayers(5, 128, 9, 4))
	good.Augment.Pad = 1
	whole, _ := train(t, student, tinySet(tinySamples), good)
	good.Checkpoint, good.Resume = filepath.Join(t.TempDir(), "run.onnx"), true
	ctx, cancel := context.WithCancel(context.Background())
	o := good
	o.Progress = func(p Progress) {
		if p.Step == 4 {
			cancel()
		}
	}
	if _, _, err := Train(ctx, student, tinySet(tinySamples), o); err == nil {
		t.Fatal("was not stopped")
	}
	for want, change := range map[string]func(*Options){
		"another teacher": func(o *Options) { o.Teacher = &Teacher{Model: twoLayers(6, 128, 9, 4)} },
		"another loss":    func(o *Options) { o.Step.Loss.Temperature = 5 },
	} {
		o := good
		change(&o)
		if _, _, err := Train(context.Background(), student, tinySet(tinySamples), o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q in it", err, want)
		}
	}
	resumed, _ := train(t, student, tinySet(tinySamples), good)
	if !bytes.Equal(marshal(t, whole), marshal(t, resumed)) {
		t.Error("the resumed run gave other bytes")
	}
}
