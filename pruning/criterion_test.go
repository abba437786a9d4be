package pruning_test

import (
	"math"
	"slices"
	"testing"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/pruning"
)

// TestScores works the criteria out by hand: a group of two channels, made by
// one kernel, normalised, and read by a matrix in blocks of two.
func TestScores(t *testing.T) {
	t.Parallel()
	b := newNet(t, 1)
	b.input("x", 0, 1, 1, 2)
	b.p.SetInitializer(onnxio.NewTensor("k", []int64{2, 1, 1, 1}, []float32{3, -1}))
	b.convOf("a", "x", []string{"k", b.weight("bias", 2)}, 1, 1)
	b.p.SetInitializer(onnxio.NewTensor("scale", []int64{2}, []float32{-0.5, 0.25}))
	b.op("BatchNormalization", "n", []string{"a", "scale", b.weight("shift", 2), b.weight("mean", 2), b.positive("var", 2)})
	b.op("Flatten", "f", []string{"n"})
	b.p.SetInitializer(onnxio.NewTensor("m", []int64{2, 4}, []float32{1, 2, 0, 4, 0, -1, 2, 1}))
	b.op("Gemm", "h", []string{"f", "m"}, onnxio.Int("transB", 1))
	b.p.SetInitializer(onnxio.NewTensor("o", []int64{1, 2}, []float32{2, 5}))
	b.op("Gemm", "y", []string{"h", "o"}, onnxio.Int("transB", 1))
	b.output("y", 0, 1)
	a := analyze(t, b.model(), pruning.Options{})
	wantGroups(t, a, "2 [k:0 bias:0 scale:0 shift:0 mean:0 var:0 m:1]", "2 [m:0 o:1]")
	for name, want := range map[string][][]float64{
		"l2":       {{(9 + 6) / 2., (1 + 21) / 2.}, {(21 + 4) / 2., (6 + 25) / 2.}},
		"l1":       {{(3 + 4) / 2., (1 + 7) / 2.}, {(7 + 2) / 2., (4 + 5) / 2.}},
		"bn-scale": {{0.5, 0.25}, {12.5, 15.5}},
	} {
		c, err := pruning.CriterionByName(name)
		if err != nil {
			t.Fatal(err)
		}
		got, err := a.Scores(c, 0)
		if err != nil {
			t.Fatal(err)
		}
		for i := range want {
			if !slices.EqualFunc(got[i], want[i], func(x, y float64) bool { return math.Abs(x-y) < 1e-12 }) {
				t.Errorf("%s of group %d: %v, want %v", name, i, got[i], want[i])
			}
		}
	}
	c, err := pruning.CriterionByName("")
	if err != nil || c.Name != "l2" {
		t.Errorf("the default is %q, %v", c.Name, err)
	}
}

// TestScoresBesideASingleChannel: a channel that must stay, being alone in its
// group, counts for no other group.
func TestScoresBesideASingleChannel(t *testing.T) {
	t.Parallel()
	b := newNet(t, 1)
	b.input("x", 0, 1, 1, 1)
	b.p.SetInitializer(onnxio.NewTensor("k", []int64{2, 1, 1, 1}, []float32{1, 2}))
	b.p.SetInitializer(onnxio.NewTensor("one", []int64{1, 1, 1, 1}, []float32{9}))
	b.convOf("a", "x", []string{"k"}, 1, 1)
	b.convOf("c", "x", []string{"one"}, 1, 1)
	b.op("Concat", "ac", []string{"a", "c"}, onnxio.Int("axis", 1))
	b.p.SetInitializer(onnxio.NewTensor("o", []int64{1, 3, 1, 1}, []float32{3, 4, 100}))
	b.convOf("y", "ac", []string{"o"}, 1, 1)
	b.output("y", 0, 1, 1, 1)
	a := analyze(t, b.model(), pruning.Options{})
	wantGroups(t, a, "2 [k:0 o:1]")
	got, err := a.Scores(pruning.Criteria[0], 0)
	if err != nil || !slices.Equal(got[0], []float64{(1 + 9) / 2., (4 + 16) / 2.}) {
		t.Errorf("%v, %v", got, err)
	}
}

// TestRandomScores depend on the seed and the group alone.
func TestRandomScores(t *testing.T) {
	t.Parallel()
	a := analyze(t, denseNet(t, 4, 2), pruning.Options{})
	c, err := pruning.CriterionByName("random")
	if err != nil {
		t.Fatal(err)
	}
	scores := func(seed uint64) [][]float64 {
		s, err := a.Scores(c, seed)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	one := scores(1)
	if !slices.EqualFunc(one, scores(1), slices.Equal[[]float64]) {
		t.Error("the same seed scores differently")
	}
	if slices.Equal(one[0], scores(2)[0]) || slices.Equal(one[0][:4], one[2][:4]) {
		t.Error("two seeds or two groups score alike")
	}
}
