package pruning_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/models"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
	"github.com/prunefuse/prunefuse/pruning"
)

// TestPaperCounts holds the paper's network to the sizes that its floor rule
// gives.
func TestPaperCounts(t *testing.T) {
	t.Parallel()
	dense := build(t, "preresnet56", models.Options{Classes: 10})
	for _, tc := range []struct {
		ratio  float64
		params int64
		macs   string // in millions
	}{
		{0, 855_578, "125.75"},
		{0.5, 215_186, "31.55"},
		{0.7, 73_756, "9.67"},
		{0.8, 30_871, "4.49"},
	} {
		for _, criterion := range []string{"l2", "random"} {
			r := prune(t, dense, pruning.Config{Ratio: tc.ratio, Criterion: criterion})
			facts, err := op.InferGraph(r.Model, op.InferOptions{})
			if err != nil {
				t.Fatal(err)
			}
			s := op.Count(r.Model, facts)
			if macs := fmt.Sprintf("%.2f", float64(s.MACs)/1e6); s.Parameters != tc.params || macs != tc.macs || len(s.Uncounted) > 0 {
				t.Errorf("%s at %v: %d parameters and %s M MACs, want %d and %s", criterion, tc.ratio, s.Parameters, macs, tc.params, tc.macs)
			}
		}
	}
}

// TestZooIsPruned proves every architecture of the zoo, pruned by a ratio and
// at random, by running the pruned network against the masked one. The ratios
// and criteria take turns.
func TestZooIsPruned(t *testing.T) {
	free := slices.DeleteFunc(slices.Clone(pruning.Criteria), func(c pruning.Criterion) bool { return c.Data != pruning.NoData })
	for i, info := range models.List() {
		t.Run(info.Name, func(t *testing.T) {
			t.Parallel()
			side := max(info.MinSide, 12)
			dense := wild(t, build(t, info.Name, models.Options{
				Classes: 3, Input: [3]int{info.Input[0], side, side + 5}, Seed: 7, Width: 0.25,
			}), uint64(i))
			a := analyze(t, dense, pruning.Options{})
			c := free[i%len(free)]
			scores, err := a.Scores(c, 3)
			if err != nil {
				t.Fatal(err)
			}
			ratio := []float64{0.3, 0.5, 0.8}[i%3]
			sel, err := a.Uniform(ratio, scores)
			if err != nil {
				t.Fatal(err)
			}
			out, _, err := a.Apply(sel, "dense")
			if err != nil {
				t.Fatal(err)
			}
			if v := verify(t, a, sel, out); !v.Equal() || len(v.Mixed) > 0 || v.Scale == 0 {
				t.Errorf("%s at %v: %+v", c.Name, ratio, v)
			}
			mustEqual(t, dense, uint64(i))
		})
	}
}

// TestModelsOfOthers proves networks that other people trained and exported:
// a run-time Reshape, Constant weights, float16 of IR version 3, Concat
// everywhere, squeeze-and-excitation, depthwise stacks and detection heads.
func TestModelsOfOthers(t *testing.T) {
	for file, groups := range map[string]int{
		"resnet20-cifar10": 12, "resnet3b2-cifar10": 8, "convnet-cifar10": 7, "squeezenet-fp16": 25,
		"speech-recog-squeezenet": 25, "mobilefacenet": 21, "yolox-nano": 65, "ultraface-rfb-320": 25, "yunet-n-640": 14,
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join("..", "..", "shared", "models", file+".onnx")
			if _, err := os.Stat(path); err != nil {
				t.Skip(err)
			}
			m, err := onnxio.Load(path)
			if err != nil {
				t.Fatal(err)
			}
			if a := analyze(t, m, pruning.Options{}); len(a.Groups) < groups {
				t.Errorf("%d groups, want at least %d", len(a.Groups), groups)
			}
			mustEqual(t, m, 1)
		})
	}
}

// TestEveryLayerIsPruned: with half of every group gone, each kernel and
// matrix but the first and last has about a quarter of its weights.
func TestEveryLayerIsPruned(t *testing.T) {
	t.Parallel()
	for _, arch := range []string{"resnet20", "preresnet20", "resnet18", "resnet50", "vgg11-bn", "mobilenetv2", "lenet", "mlp", "wrn-16-4"} {
		dense := build(t, arch, models.Options{Width: 0.5})
		out := prune(t, dense, pruning.Config{Ratio: 0.5}).Model
		first := dense.Graph.Initializers()[0].Name() // of the mlp, which reads pixels
		in, logits := dense.Graph.Inputs()[0].Type.Shape[1], dense.Graph.Outputs()[0].Type.Shape[1]
		for _, w := range dense.Graph.Initializers() {
			got := dims(t, out, w.Name())
			for k, d := range w.Dims() {
				ends := (k == 1 && in.Is(d)) || (k == 0 && logits.Is(d)) || (arch == "mlp" && w.Name() == first)
				if k < 2 && d > 1 && got[k] != d/2 && !ends {
					t.Errorf("%s: %s of %v is left with %v", arch, w.Name(), w.Dims(), got)
					break
				}
			}
		}
	}
}

func TestPruneErrors(t *testing.T) {
	t.Parallel()
	small := func() *net {
		b := newNet(t, 1)
		b.input("x", 0, 4, 5, 5)
		return b
	}
	net := small()
	net.conv("h", "x", 4, 6, 3, 1)
	net.conv("y", "h", 6, 3, 3, 1)
	net.output("y", 0, 3, 5, 5)
	good := net.model()

	single := small()
	single.conv("y", "x", 4, 3, 3, 1)
	single.output("y", 0, 3, 5, 5)
	none := small()
	none.relu("y", "x")
	none.output("y", 0, 4, 5, 5)
	nan := small()
	nan.conv("h", "x", 4, 6, 3, 1)
	nan.conv("y", "h", 6, 3, 3, 1)
	nan.output("y", 0, 3, 5, 5)
	bad := nan.model()
	w, err := bad.Graph.Initializer("h.w").Floats()
	if err != nil {
		t.Fatal(err)
	}
	w[5] /= 0
	w[5] -= w[5]
	x, err := bad.Graph.Initializer("h.w").WithFloats(w)
	if err != nil {
		t.Fatal(err)
	}
	p := bad.Graph.Edit()
	p.SetInitializer(x)
	if err := p.Apply(); err != nil {
		t.Fatal(err)
	}

	for want, call := range map[string]func() (*pruning.Result, error){
		"prune: nothing in the model can be pruned; axis 0 of \"y.w\": graph output \"y\", axis 1": func() (*pruning.Result, error) {
			return pruning.Prune(single.model(), pruning.Config{Ratio: 0.5})
		},
		"prune: nothing in the model can be pruned; it has no weights": func() (*pruning.Result, error) {
			return pruning.Prune(none.model(), pruning.Config{Ratio: 0.5})
		},
		"prune: nothing in the model can be pruned; axis 0 of \"h.w\": node \"h\" is to be left alone, axis 1": func() (*pruning.Result, error) {
			return pruning.Prune(good, pruning.Config{Ratio: 0.5, Ignore: []string{"h"}})
		},
		"analyze: the model has no node \"head\" to leave alone": func() (*pruning.Result, error) {
			return pruning.Prune(good, pruning.Config{Ratio: 0.5, Ignore: []string{"h", "head", "tail"}})
		},
		"ratio 1: want the share of channels to remove, from 0 up to but not including 1": func() (*pruning.Result, error) {
			return pruning.Prune(good, pruning.Config{Ratio: 1})
		},
		"ratio -0.1: want": func() (*pruning.Result, error) {
			return pruning.Prune(good, pruning.Config{Ratio: -0.1})
		},
		"unknown criterion \"l3\"; did you mean l2, l1 or lamp?": func() (*pruning.Result, error) {
			return pruning.Prune(good, pruning.Config{Ratio: 0.5, Criterion: "l3"})
		},
		"score group h.w:0: a weight is not a finite number": func() (*pruning.Result, error) {
			return pruning.Prune(bad, pruning.Config{Ratio: 0.5})
		},
	} {
		r, err := call()
		if r != nil || err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}

// TestSelectionErrors gives Apply selections that are not of the model.
func TestSelectionErrors(t *testing.T) {
	t.Parallel()
	a := analyze(t, build(t, "mlp", models.Options{}), pruning.Options{})
	whole := make(pruning.Selection, len(a.Groups))
	for want, sel := range map[string]pruning.Selection{
		"prune: selection is for 1 groups":                 whole[:1],
		"nothing would be left of it":                      append(pruning.Selection{{}}, whole[1:]...),
		fmt.Sprintf("index %d of %[1]d", a.Groups[0].Size): append(pruning.Selection{{a.Groups[0].Size}}, whole[1:]...),
		fmt.Sprintf("index -1 of %d", a.Groups[0].Size):    append(pruning.Selection{{-1}}, whole[1:]...),
	} {
		if m, p, err := a.Apply(sel, ""); m != nil || p != nil || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
		if _, err := a.Masked(sel); err == nil {
			t.Errorf("masked by a selection with %s", want)
		}
	}
}

// TestSameTwice: analysis, selection and file are the same in every run, and
// the parent is not touched.
func TestSameTwice(t *testing.T) {
	t.Parallel()
	dense := build(t, "mobilenetv2", models.Options{Width: 0.25, Input: [3]int{3, 32, 32}})
	before := marshal(t, dense)
	first := prune(t, dense, pruning.Config{Ratio: 0.6, Criterion: "random", Seed: 4})
	second := prune(t, build(t, "mobilenetv2", models.Options{Width: 0.25, Input: [3]int{3, 32, 32}}), pruning.Config{Ratio: 0.6, Criterion: "random", Seed: 4})
	if string(marshal(t, first.Model)) != string(marshal(t, second.Model)) {
		t.Error("the same prune gives two files")
	}
	if fmt.Sprint(first.Analysis.Pinned, groups(first.Analysis)) != fmt.Sprint(second.Analysis.Pinned, groups(second.Analysis)) {
		t.Error("the same analysis comes out in another order")
	}
	if string(marshal(t, dense)) != string(before) {
		t.Error("the parent changed")
	}
	other := prune(t, dense, pruning.Config{Ratio: 0.6, Criterion: "random", Seed: 5})
	if string(marshal(t, first.Model)) == string(marshal(t, other.Model)) {
		t.Error("another seed gives the same file")
	}
}
