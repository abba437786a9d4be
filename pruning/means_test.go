package pruning_test

import (
	"context"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/ort"
	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
	"github.com/prunefuse/prunefuse/pruning"
)

// TestExpectedMeans compares with the mean of a rectified normal variable,
// β·Φ(β/γ) + γ·φ(β/γ), and of a sum of two of them.
func TestExpectedMeans(t *testing.T) {
	orttest.Need(t)
	b := newNet(t, 5)
	b.input("x", 0, 3, 6, 6)
	b.conv("c", "x", 3, 6, 3, 1)
	b.bn("n", "c", 6)
	b.relu("h", "n")
	b.conv("d", "x", 3, 6, 3, 1)
	b.bn("m", "d", 6)
	b.op("Add", "s", []string{"h", "m"})
	b.conv("e", "s", 6, 6, 1, 1)
	b.conv("f", "h", 6, 6, 1, 1)
	b.op("Add", "y", []string{"e", "f"})
	b.output("y", 0, 6, 6, 6)
	m := b.model()
	means, err := analyze(t, m, pruning.Options{}).ExpectedMeans(context.Background(), 7, one)
	if err != nil {
		t.Fatal(err)
	}
	floats := func(name string) []float32 {
		v, err := m.Graph.Initializer(name).Floats()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	scale, shift, other := floats("n.scale"), floats("n.shift"), floats("m.shift")
	for k := range scale {
		g, s := math.Abs(float64(scale[k])), float64(shift[k])
		z := s / g
		rectified := s*0.5*(1+math.Erf(z/math.Sqrt2)) + g*math.Exp(-z*z/2)/math.Sqrt(2*math.Pi)
		if got := means["h:1"][k]; math.Abs(got-rectified) > 0.03*g {
			t.Errorf("channel %d of h: %v, want %v", k, got, rectified)
		}
		if got, want := means["s:1"][k], rectified+float64(other[k]); math.Abs(got-want) > 0.03*g {
			t.Errorf("channel %d of s: %v, want %v", k, got, want)
		}
	}
	again, err := analyze(t, m, pruning.Options{}).ExpectedMeans(context.Background(), 7, one)
	if err != nil || fmt.Sprint(again) != fmt.Sprint(means) {
		t.Errorf("the same seed gives %v and then %v, %v", means, again, err)
	}
}

// TestExpectedMeansOfOne: of a single value a run no deviation can be made, so
// that nothing is known.
func TestExpectedMeansOfOne(t *testing.T) {
	orttest.Need(t)
	b := newNet(t, 10)
	b.input("x", 1, 5)
	b.gemm("c", "x", 5, 6)
	b.bn("n", "c", 6)
	b.relu("h", "n")
	b.gemm("y", "h", 6, 3)
	b.output("y", 1, 3)
	means, err := analyze(t, b.model(), pruning.Options{}).ExpectedMeans(context.Background(), 1, one)
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range means["h:1"] {
		if !math.IsNaN(v) && v != 0 { // a dead channel is known to be
			t.Errorf("channel %d: %v", k, v)
		}
	}
	if len(means["h:1"]) != 6 {
		t.Errorf("means %v", means)
	}
}

// noise gives batches of random inputs.
func noise(seed uint64, batches int, dims ...int64) iter.Seq2[*ort.Tensor, error] {
	return func(yield func(*ort.Tensor, error) bool) {
		rng := rand.New(rand.NewPCG(seed, 9))
		for range batches {
			x, err := ort.Random(rng, onnxio.Float32, dims...)
			if err == nil {
				defer x.Close()
			}
			if !yield(x, err) {
				return
			}
		}
	}
}

func TestMeasuredMeansErrors(t *testing.T) {
	orttest.Need(t)
	b := newNet(t, 8)
	still(b)
	b.op("Conv", "y", []string{"h", b.weight("y.w", 4, 8, 1, 1)})
	b.output("y", 0, 4, 6, 6)
	a := analyze(t, b.model(), pruning.Options{})
	for want, e := range map[string]pruning.Evidence{
		"measure means: there are no samples":                                                      {Samples: noise(1, 0)},
		`measure means: run session: input "x": tensor is float32[2 4 6 6], want float32[N,3,6,6]`: {Samples: noise(1, 1, 2, 4, 6, 6)},
	} {
		if _, err := a.MeasuredMeans(context.Background(), e); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
	if _, err := a.MeasuredMeans(context.Background(), pruning.Evidence{}); err == nil {
		t.Error("no evidence is enough")
	}
}
