package review

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/data"
	"github.com/prunefuse/prunefuse/scoring"
	"github.com/prunefuse/prunefuse/scoring/selection"
)

// A case that can be followed by hand.
func TestLearnConfident(t *testing.T) {
	t.Parallel()
	labels := []int{0, 0, 0, 1, 1}
	p := [][]float32{{1, 0, 0}, {0.75, 0.25, 0}, {0.25, 0.75, 0}, {0.25, 0.5, 0.25}, {0.5, 0.5, 0}}
	c, err := LearnConfident(labels, p)
	if err != nil {
		t.Fatal(err)
	}
	if want := []float64{2.0 / 3, 0.5, unreached}; !slices.Equal(c.Thresholds, want) {
		t.Errorf("thresholds %v, want %v", c.Thresholds, want)
	}
	if want := []int{0, 0, 1, 1, 1}; !slices.Equal(c.Classes, want) {
		t.Errorf("classes %v, want %v", c.Classes, want)
	}
	if got := fmt.Sprint(c.Joint, c.Errors); got != "[[2 1 0] [0 2 0] [0 0 0]] 1" {
		t.Errorf("joint and errors %s", got)
	}
	for name, tc := range map[string]struct {
		labels []int
		p      [][]float32
	}{"none": {}, "a row less": {[]int{0, 1}, p[:1]}, "a class beyond": {[]int{3}, p[:1]}, "no class": {[]int{-1}, p[:1]}, "a short row": {[]int{0, 0}, [][]float32{{1, 0}, {1}}}} {
		if _, err := LearnConfident(tc.labels, tc.p); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// noisy are samples of three classes with the probabilities of a network that is often
// right, of which every tenth label is wrong, and what a training might see of them.
func noisy(seed uint64, n int) (samples []Sample, wrong []bool) {
	rng := rand.New(rand.NewPCG(seed, 1))
	for range n {
		truth := rng.IntN(3)
		s := Sample{Label: truth, Probabilities: make([]float32, 3)}
		flip := rng.Float64() < 0.1
		if flip {
			s.Label = (truth + 1 + rng.IntN(2)) % 3
		}
		total := 0.0
		z := make([]float64, 3)
		for c := range z {
			z[c] = math.Exp(rng.NormFloat64())
			if c == truth {
				z[c] *= 8
			}
			total += z[c]
		}
		for c := range z {
			s.Probabilities[c] = float32(z[c] / total)
		}
		s.Dynamics = &Dynamics{AUM: 2 + rng.NormFloat64()}
		if flip {
			s.Dynamics.AUM -= 4
		}
		samples, wrong = append(samples, s), append(wrong, flip)
	}
	return samples, wrong
}

// found is how many of the first n suspects are wrong.
func found(r *Review, wrong []bool, n int) (hits int) {
	for _, s := range r.Suspects[:n] {
		if wrong[s.At] {
			hits++
		}
	}
	return hits
}

func TestRankFindsWrongLabels(t *testing.T) {
	t.Parallel()
	for seed := range uint64(10) {
		samples, wrong := noisy(seed, 500)
		n := 0
		for _, w := range wrong {
			if w {
				n++
			}
		}
		both, err := Rank(samples)
		if err != nil {
			t.Fatal(err)
		}
		if hits := found(both, wrong, n); 2*hits <= n { // a tenth by chance
			t.Errorf("seed %d: %d of the first %d are wrong", seed, hits, n)
		}
		if e := both.Confident.Errors; math.Abs(e-float64(n)) > 0.6*float64(n) {
			t.Errorf("seed %d: %v are estimated to be wrong, of %d", seed, e, n)
		}
		alone := slices.Clone(samples)
		for i := range alone {
			alone[i].Probabilities = nil
		}
		dynamics, err := Rank(alone)
		if err != nil || dynamics.Confident != nil {
			t.Fatal(err)
		}
		if hits := found(dynamics, wrong, n); 2*hits < n {
			t.Errorf("seed %d: by dynamics %d of the first %d are wrong", seed, hits, n)
		}
		// Another order changes no suspicion.
		order := rand.New(rand.NewPCG(seed, 2)).Perm(len(samples))
		other := make([]Sample, len(samples))
		for i, at := range order {
			other[at] = samples[i]
		}
		again, err := Rank(other)
		if err != nil {
			t.Fatal(err)
		}
		for i, s := range both.Suspects {
			if o := again.Suspects[i]; math.Abs(o.Suspicion-s.Suspicion) > 1e-12 || o.Mislabelled != s.Mislabelled {
				t.Fatalf("seed %d: rank %d is %+v, was %+v", seed, i, o, s)
			}
		}
	}
	if _, err := Rank([]Sample{{Label: 1}}); err == nil || !strings.Contains(err.Error(), "neither probabilities nor dynamics") {
		t.Errorf("error %v", err)
	}
	if _, err := Rank(nil); err == nil {
		t.Error("nothing is ranked")
	}
}

func TestBetterShares(t *testing.T) {
	t.Parallel()
	got := fmt.Sprint(betterShares([]float64{3, 1, math.NaN(), 1, 2}))
	if want := fmt.Sprint([]float64{0, 2.5 / 3, math.NaN(), 2.5 / 3, 1.0 / 3}); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// scoreFile is a score file of samples a, b, …; of the last the label is not known.
func scoreFile(t *testing.T, labels ...int) *bytes.Buffer {
	t.Helper()
	var b bytes.Buffer
	w := scoring.NewRecordWriter(&b)
	for i := range len(labels) + 1 {
		r := scoring.Record{Index: i, ID: string(rune('a' + i)), Class: 0, Confidence: 0.5, Scores: scoring.ScoresOf(map[string]float64{"margin": 0.5})}
		if i < len(labels) {
			r.Label = &labels[i]
		}
		if err := w.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return &b
}

func TestChoose(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p, seen, short := filepath.Join(dir, "p.npy"), filepath.Join(dir, "seen.jsonl"), filepath.Join(dir, "short.npy")
	row := []float32{1, 0, 0.75, 0.25, 0.25, 0.75, 0.25, 0.75, 0.5, 0.5}
	nan := float32(math.NaN())
	for path, values := range map[string][]float32{p: append(slices.Clone(row), nan, nan), short: row[:4], filepath.Join(dir, "nan.npy"): append([]float32{nan, nan}, row...)} {
		if err := data.WriteNPY(path, []int{len(values) / 2, 2}, values); err != nil {
			t.Fatal(err)
		}
	}
	const line = `{"schema":"prunefuse.score/1","index":0,"id":%q,"label":%d,"class":0,"confidence":0.5,"scores":{"aum":%v,"forgetting":1}}` + "\n"
	if err := os.WriteFile(seen, fmt.Appendf(nil, line+line, "a", 0, 2.5, "b", 0, -2.5), 0o666); err != nil {
		t.Fatal(err)
	}
	c, err := Choose(scoreFile(t, 0, 0, 0, 1, 1), Files{Probabilities: p, Dynamics: seen}, 0)
	if err != nil {
		t.Fatal(err)
	}
	if c.Labelled != 5 || c.Unlabelled != 1 || *c.Mislabelled != 1 || *c.Errors != 1 || len(c.Selected) != 1 {
		t.Fatalf("chosen %+v", c)
	}
	if s := c.Selected[0]; s.Record.ID != "c" || s.Record.Class != 1 || s.Record.Confidence != 0.75 || s.Rank != 1 {
		t.Errorf("first comes %+v", s)
	}
	var b bytes.Buffer
	if err := selection.Write(&b, selection.JSONL, c.Selected, Strategy); err != nil || !strings.Contains(b.String(), `"mislabelled":1`) {
		t.Errorf("%s (%v)", b.String(), err)
	}
	c, err = Choose(scoreFile(t, 0, 0, 0, 1, 1), Files{Dynamics: seen}, 2)
	if err != nil || len(c.Selected) != 2 || c.Selected[0].Record.ID != "b" || c.Errors != nil {
		t.Errorf("%+v (%v)", c, err)
	}
	for name, tc := range map[string]struct {
		labels []int
		files  Files
		want   string
	}{
		"neither":          {[]int{0}, Files{}, "say how many samples"},
		"no label":         {nil, Files{Probabilities: p}, "none of its samples has a label"},
		"other rows":       {[]int{0, 1, 0}, Files{Probabilities: short}, "it has 2 rows, and sample c"},
		"a class beyond":   {[]int{0, 2}, Files{Probabilities: p}, "sample b has the label 2, and there are 2 classes"},
		"no probabilities": {[]int{0}, Files{Probabilities: filepath.Join(dir, "nan.npy")}, "no probability"},
		"other labels":     {[]int{1, 0}, Files{Probabilities: p, Dynamics: seen}, "sample a was trained on another label"},
		"no dynamics":      {[]int{0, 0}, Files{Probabilities: p, Dynamics: filepath.Join(dir, "x")}, "no such file"},
	} {
		if _, err := Choose(scoreFile(t, tc.labels...), tc.files, 0); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: error %v, want %q", name, err, tc.want)
		}
	}
}
