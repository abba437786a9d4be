package pruning_test

import (
	"errors"
	"iter"
	"math"
	"slices"
	"testing"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/ort"
	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
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
		"l2":         {{(9 + 6) / 2., (1 + 21) / 2.}, {(21 + 4) / 2., (6 + 25) / 2.}},
		"l1":         {{(3 + 4) / 2., (1 + 7) / 2.}, {(7 + 2) / 2., (4 + 5) / 2.}},
		"group-norm": {{math.Sqrt(9 + 0.25 + 6), math.Sqrt(1 + 0.0625 + 21)}, {5, math.Sqrt(6 + 25)}},
		"bn-scale":   {{0.5, 0.25}, {12.5, 15.5}},
		"lamp":       {{7.5 / 18.5, 1}, {12.5 / 28, 1}},
		"fpgm":       {{4, 4}, {math.Sqrt(23), math.Sqrt(23)}},
		"taylor": {
			{(math.Abs(3+1-2) + math.Abs(-3)) / 2, (math.Abs(-2+4+2) + 0) / 2},
			{(math.Abs(1+4-2) + 0) / 2, (5 + 0) / 2.},
		},
	} {
		c, err := pruning.CriterionByName(name)
		if err != nil {
			t.Fatal(err)
		}
		got, err := a.Rate(t.Context(), c, pruning.Evidence{Gradients: twoBatches})
		if err != nil {
			t.Fatal(err)
		}
		for i := range want {
			if !slices.EqualFunc(got[i], want[i], near) {
				t.Errorf("%s of group %d: %v, want %v", name, i, got[i], want[i])
			}
		}
	}
	c, err := pruning.CriterionByName("")
	if err != nil || c.Name != "l2" {
		t.Errorf("the default is %q, %v", c.Name, err)
	}
}

func near(x, y float64) bool { return math.Abs(x-y) < 1e-6 }

// twoBatches are gradients for the network of TestScores. What is not named
// has none.
func twoBatches(*onnxio.Model) iter.Seq2[map[string][]float32, error] {
	return func(yield func(map[string][]float32, error) bool) {
		_ = yield(map[string][]float32{"k": {1, 2}, "m": {1, 0, 0, 1, 0, 2, 1, 0}, "o": {-1, 1}}, nil) &&
			yield(map[string][]float32{"k": {-1, 0}}, nil)
	}
}

// TestFPGM: what lies between the others goes first.
func TestFPGM(t *testing.T) {
	t.Parallel()
	b := newNet(t, 1)
	b.input("x", 0, 1, 2, 2)
	b.p.SetInitializer(onnxio.NewTensor("k", []int64{3, 1, 1, 1}, []float32{0, 3, 7}))
	b.convOf("a", "x", []string{"k"}, 1, 1)
	b.conv("h", "a", 3, 150, 3, 1)
	b.conv("y", "h", 150, 2, 1, 1)
	b.output("y", 0, 2, 2, 2)
	m := b.model()
	a := analyze(t, m, pruning.Options{})
	c, err := pruning.CriterionByName("fpgm")
	if err != nil {
		t.Fatal(err)
	}
	got, err := a.Scores(c, 0)
	if err != nil {
		t.Fatal(err)
	}
	if want := []float64{3 + 7, 3 + 4, 7 + 4}; !slices.EqualFunc(got[0], want, near) {
		t.Errorf("scores %v, want %v", got[0], want)
	}
	w, err := m.Graph.Initializer("h.w").Floats()
	if err != nil {
		t.Fatal(err)
	}
	const size = 3 * 3 * 3
	for i := range 150 {
		want := 0.0
		for j := range 150 {
			sum := 0.0
			for k := range size {
				d := float64(w[i*size+k]) - float64(w[j*size+k])
				sum += d * d
			}
			want += math.Sqrt(sum)
		}
		if math.Abs(got[1][i]-want) > 1e-9*want {
			t.Fatalf("filter %d: %v, want %v", i, got[1][i], want)
		}
	}
}

// TestActivation works the mean of three samples in two batches out by hand:
// the channels are max(2x, 0) and max(−x, 0), read in blocks of two.
func TestActivation(t *testing.T) {
	t.Parallel()
	orttest.Need(t)
	b := newNet(t, 1)
	b.input("x", 0, 1, 1, 2)
	b.p.SetInitializer(onnxio.NewTensor("k", []int64{2, 1, 1, 1}, []float32{2, -1}))
	b.convOf("a", "x", []string{"k"}, 1, 1)
	b.relu("r", "a")
	b.op("Flatten", "f", []string{"r"})
	b.op("Gemm", "y", []string{"f", b.weight("m", 4, 3)})
	b.output("y", 0, 3)
	a := analyze(t, b.model(), pruning.Options{})
	samples := func(yield func(*ort.Tensor, error) bool) {
		for _, x := range [][]float32{{1, 2, -3, 0}, {1, 1}} {
			batch, err := ort.NewTensor([]int64{int64(len(x) / 2), 1, 1, 2}, x)
			if !yield(batch, err) {
				return
			}
			batch.Close()
		}
	}
	c, err := pruning.CriterionByName("activation")
	if err != nil {
		t.Fatal(err)
	}
	got, err := a.Rate(t.Context(), c, pruning.Evidence{Samples: samples, Session: ort.SessionOptions{Threads: 1}})
	if err != nil {
		t.Fatal(err)
	}
	if want := []float64{(2 + 4 + 0 + 0 + 2 + 2) / 6., (0 + 0 + 3 + 0 + 0 + 0) / 6.}; !slices.EqualFunc(got[0], want, near) {
		t.Errorf("scores %v, want %v", got[0], want)
	}
}

// TestEvidence: criteria say what they miss.
func TestEvidence(t *testing.T) {
	t.Parallel()
	a := analyze(t, denseNet(t, 4, 2), pruning.Options{})
	failing := errors.New("the disk is gone")
	for name, tc := range map[string]struct {
		evidence pruning.Evidence
		want     string
	}{
		"taylor":     {pruning.Evidence{}, "score: the criterion taylor needs gradients, which take labelled samples"},
		"activation": {pruning.Evidence{}, "score: the criterion activation needs samples"},
	} {
		c, err := pruning.CriterionByName(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := a.Rate(t.Context(), c, tc.evidence); err == nil || err.Error() != tc.want {
			t.Errorf("%s: error %v, want %s", name, err, tc.want)
		}
	}
	c, err := pruning.CriterionByName("taylor")
	if err != nil {
		t.Fatal(err)
	}
	for want, gradients := range map[string]func(func(map[string][]float32, error) bool){
		"score: there are no gradients": func(func(map[string][]float32, error) bool) {},
		"score: the disk is gone":       func(yield func(map[string][]float32, error) bool) { yield(nil, failing) },
		`score: the gradient of "stem.w" has 1 elements, the weight 216`: func(yield func(map[string][]float32, error) bool) {
			yield(map[string][]float32{"stem.w": {1}}, nil)
		},
	} {
		evidence := pruning.Evidence{Gradients: func(*onnxio.Model) iter.Seq2[map[string][]float32, error] { return gradients }}
		if _, err := a.Rate(t.Context(), c, evidence); err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
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
