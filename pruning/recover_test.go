package pruning_test

import (
	"context"
	"iter"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/models"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/compare"
	"github.com/prunefuse/prunefuse/onnxio/ort"
	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
	"github.com/prunefuse/prunefuse/pruning"
)

// twins makes "h" of "x" [N,3,6,6], with 8 channels of which the last four are
// twice the first four and one more.
func twins(b *net) {
	b.input("x", 0, 3, 6, 6)
	w, bias := b.random("c.w", 8, 3, 3, 3), b.random("c.b", 8)
	v, _ := w.Floats()
	c, _ := bias.Floats()
	for i := range v[:len(v)/2] {
		v[len(v)/2+i] = 2 * v[i]
	}
	for i := range 4 {
		c[4+i] = 2*c[i] + 1
	}
	w, _ = w.WithFloats(v)
	bias, _ = bias.WithFloats(c)
	b.p.SetInitializer(w)
	b.p.SetInitializer(bias)
	b.convOf("h", "x", []string{"c.w", "c.b"}, 3, 1)
}

// recovered recovers a pruned model, with one seed.
func recovered(t *testing.T, r *pruning.Result, samples iter.Seq2[*ort.Tensor, error]) *pruning.Recovery {
	t.Helper()
	got, err := r.Recover(context.Background(), pruning.Evidence{Samples: samples, Session: one, Seed: 1}, pruning.RecoverOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// TestRecoverTwins removes channels that follow from others: in whatever way
// what is left is read, the recovered network is the dense one.
func TestRecoverTwins(t *testing.T) {
	t.Parallel()
	orttest.Need(t)
	for name, c := range readers {
		if name == "depthwise between" {
			continue // behind it no channel follows from another
		}
		t.Run(name, func(t *testing.T) {
			b := newNet(t, 3)
			twins(b)
			c.build(b)
			dense := b.model()
			r := cut(t, dense, func(t *testing.T, a *pruning.Analysis) pruning.Selection {
				sel := make(pruning.Selection, len(a.Groups))
				for i, g := range a.Groups {
					if g.Name() == "c.w:0" {
						sel[i] = []int{0, 1, 2, 3}
					}
				}
				return sel
			})
			before := compareAny(t, dense, r.Model)
			got := recovered(t, r, noise(1, 12, 32, 3, 6, 6))
			if got.Kept || len(got.Solved) == 0 || !(got.After < 1e-3*got.Before) {
				t.Fatalf("%+v", got)
			}
			if after := compareAny(t, dense, r.Model); after.MaxDiff > 0.02*before.MaxDiff {
				t.Errorf("differs from the dense model by %v of %v, before by %v", after.MaxDiff, after.Scale, before.MaxDiff)
			}
			keepsItsPlan(t, dense, r)
		})
	}
}

// TestRecoverNetwork: a deep network comes nearer to the dense one, by each part
// of the recovery, the same for the same seed, and no layer errs more.
func TestRecoverNetwork(t *testing.T) {
	t.Parallel()
	orttest.Need(t)
	dense := wild(t, build(t, "resnet20", models.Options{Width: 0.5}), 3)
	poolLike := &compare.Range{Low: -1.7, High: 1.7}
	diffs := map[string]float64{}
	var weights [][]byte
	for _, c := range []struct {
		name string
		o    pruning.RecoverOptions
	}{
		{"statistics", pruning.RecoverOptions{KeepWeights: true}},
		{"weights", pruning.RecoverOptions{KeepStatistics: true}},
		{"all", pruning.RecoverOptions{}},
		{"all", pruning.RecoverOptions{}},
	} {
		r := prune(t, dense, pruning.Config{Ratio: 0.3})
		diffs["none"] = compareWithin(t, dense, r.Model, poolLike).MaxDiff
		got, err := r.Recover(context.Background(), pruning.Evidence{Samples: noise(1, 2, 32, 3, 32, 32), Session: one, Seed: 4}, c.o)
		if err != nil {
			t.Fatal(err)
		}
		if got.Samples != 64 || !(got.After < got.Before) || len(got.Left) > 0 {
			t.Errorf("%s: %+v", c.name, got)
		}
		for _, s := range got.Solved {
			if !(s.After <= s.Before) {
				t.Errorf("%s: %s errs more: %+v", c.name, s.Weight, s)
			}
		}
		diffs[c.name] = compareWithin(t, dense, r.Model, poolLike).MaxDiff
		keepsItsPlan(t, dense, r)
		if c.name == "all" {
			weights = append(weights, marshal(t, r.Model))
		}
	}
	if !(diffs["weights"] < 0.5*diffs["none"] && diffs["all"] < 0.5*diffs["none"]) {
		t.Errorf("differences from the dense network: %v", diffs)
	}
	if !slices.Equal(weights[0], weights[1]) {
		t.Error("the same seed gives another model")
	}
}

// TestRecoverBadSamples: what cannot help is said, and nothing gets worse.
func TestRecoverBadSamples(t *testing.T) {
	t.Parallel()
	orttest.Need(t)
	b := newNet(t, 5)
	twins(b)
	b.op("Conv", "y", []string{"h", b.weight("y.w", 4, 8, 3, 3)})
	b.output("y", 0, 4, 4, 4)
	cutTwins := func() *pruning.Result {
		return cut(t, b.m, func(*testing.T, *pruning.Analysis) pruning.Selection { return pruning.Selection{{0, 1, 2, 3}} })
	}
	b.model()
	filled := func(value float32, n int) iter.Seq2[*ort.Tensor, error] {
		return func(yield func(*ort.Tensor, error) bool) {
			x, err := ort.Zeros(onnxio.Float32, int64(n), 3, 6, 6)
			for i := range ort.Data[float32](x) {
				ort.Data[float32](x)[i] = value
			}
			yield(x, err)
		}
	}
	for _, samples := range []iter.Seq2[*ort.Tensor, error]{filled(0.3, 40), noise(1, 1, 1, 3, 6, 6), noise(2, 1, 3, 3, 6, 6)} {
		if got := recovered(t, cutTwins(), samples); !(got.After <= got.Before) || math.IsNaN(got.After) {
			t.Errorf("%+v", got)
		}
	}
	r := cutTwins()
	was := r.Model
	for want, samples := range map[string]iter.Seq2[*ort.Tensor, error]{
		"is not a finite number": filled(float32(math.NaN()), 8),
		"there are no samples":   filled(1, 0),
	} {
		_, err := r.Recover(context.Background(), pruning.Evidence{Samples: samples, Session: one}, pruning.RecoverOptions{})
		if err == nil || !strings.Contains(err.Error(), want) || r.Model != was {
			t.Errorf("error %v, want %s", err, want)
		}
	}
	if _, err := r.Recover(context.Background(), pruning.Evidence{}, pruning.RecoverOptions{}); err == nil {
		t.Error("recovered without samples")
	}
}

// ofOneInput is a grown graph in which all inputs but "x" are random constants.
func ofOneInput(t *testing.T, m *onnxio.Model, seed uint64) *onnxio.Model {
	t.Helper()
	m = m.Clone()
	p := m.Graph.Edit()
	rng := rand.New(rand.NewPCG(seed, 7))
	for _, v := range m.Graph.Inputs() {
		if v.Name == "x" {
			continue
		}
		x, err := ort.Random(rng, v.Type.Elem, feedShape(m, v.Name)...)
		if err != nil {
			t.Fatal(err)
		}
		p.RemoveInput(v.Name)
		p.SetInitializer(onnxio.RawTensor(v.Name, x.Elem(), x.Shape(), slices.Clone(x.Bytes())))
		x.Close()
	}
	if err := p.Apply(); err != nil {
		t.Fatal(err)
	}
	return m
}

// TestRecoverAnyGraph recovers graphs grown at random of all operators: on the
// samples neither a solved layer nor the outputs err more than before, and the
// plan leads back.
func TestRecoverAnyGraph(t *testing.T) {
	t.Parallel()
	orttest.Need(t)
	const n = 150
	tried, solved := 0, 0
	for s := range uint64(n) {
		g := grown(t, s, nil)
		if g == nil {
			continue
		}
		dense := ofOneInput(t, g.m, s)
		a, err := pruning.Analyze(dense, pruning.Options{})
		if err != nil {
			t.Fatal(err)
		}
		sel := someOf(a, rand.New(rand.NewPCG(s, 5)), 0.5)
		m, plan, err := a.Apply(sel, "net")
		if err != nil {
			t.Fatal(err)
		}
		r := &pruning.Result{Model: m, Plan: plan, Analysis: a, Selection: sel}
		samples := noise(s, 4, feedShape(dense, "x")...)
		got, err := r.Recover(context.Background(), pruning.Evidence{Samples: samples, Session: plain, Seed: s}, pruning.RecoverOptions{})
		switch {
		case err != nil && (strings.Contains(err.Error(), "finite") || strings.Contains(err.Error(), "depends on the samples")):
			continue
		case err != nil:
			t.Errorf("graph %d: %v", s, err)
			continue
		}
		tried++
		if !(got.After <= got.Before) {
			t.Errorf("graph %d: %+v", s, got)
		}
		for _, l := range got.Solved {
			if !(l.After <= l.Before) {
				t.Errorf("graph %d: %+v", s, l)
			}
		}
		if solved += len(got.Solved); len(got.Solved) > 0 {
			if _, _, err := pruning.AnalyzeFor(dense, r.Plan); err != nil {
				t.Errorf("graph %d: %v", s, err)
			}
		}
	}
	t.Logf("%d graphs, %d layers solved", tried, solved)
	if tried < n/10 || solved < 10 {
		t.Errorf("of %d graphs %d were recovered, with %d layers solved", n, tried, solved)
	}
}
