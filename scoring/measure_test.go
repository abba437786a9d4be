package scoring

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/internal/seeded"
)

func near(got, want float64) bool {
	return math.Abs(got-want) <= 1e-13*math.Abs(want)
}

// score is every measure of one row of logits.
func score(t testing.TB, z ...float32) map[string]float64 {
	t.Helper()
	var row Row
	if err := row.SetLogits(z); err != nil {
		t.Fatal(err)
	}
	out := map[string]float64{}
	for _, m := range measures[:5] { // random and those of the output
		out[m.Name] = m.Of(&row)
	}
	return out
}

// The values are those of the definitions in 60-digit decimal arithmetic.
func TestMeasures(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		logits                             []float32
		confidence, margin, ratio, entropy float64
	}{
		{[]float32{1, 2, 3}, 0.3347590442251781, 0.4205124847200242, 0.36787944117144233, 0.8323955818399389},
		{[]float32{0, 0, 0, 0}, 0.75, 0, 1, 1.3862943611198906},
		{[]float32{2.5, -1.25}, 0.022977369910025615, 0.9540452601799487, 0.023517745856009107, 0.10941060153502108},
		{[]float32{40, 0, 0}, 8.496708510583178e-18, 1, 4.248354255291589e-18, 3.483650489339103e-16},
		{[]float32{-1000, -1001, -1003.5}, 0.28473172403056607, 0.4521357823181376, 0.36787944117144233, 0.6738273954949074},
		{[]float32{88, -88, 0.5, 87.5}, 0.37754066879814546, 0.24491866240370913, 0.6065306597126334, 0.6628473185791794},
		{[]float32{3e4, -3e4}, 0, 1, 0, 0},
		{[]float32{math.MaxFloat32, -math.MaxFloat32}, 0, 1, 0, 0},
	} {
		got := score(t, c.logits...)
		for name, want := range map[string]float64{
			"least-confidence": c.confidence, "margin": c.margin, "ratio": c.ratio, "entropy": c.entropy,
		} {
			if !near(got[name], want) {
				t.Errorf("%s of %v is %v, want %v", name, c.logits, got[name], want)
			}
		}
	}
}

// With two classes the four measures are one order.
func TestMeasuresAgreeOnTwoClasses(t *testing.T) {
	t.Parallel()
	previous := map[string]float64{}
	for gap := float32(0); gap < 30; gap += 0.25 {
		got := score(t, -gap/2, gap/2)
		for _, m := range measures[1:5] {
			u := m.Uncertainty(got[m.Name])
			if p, ok := previous[m.Name]; ok && u >= p {
				t.Fatalf("%s: a gap of %g is as uncertain as a smaller one: %g ≥ %g", m.Name, gap, u, p)
			}
			previous[m.Name] = u
		}
	}
}

func TestRowTies(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		logits        []float32
		first, second int
	}{
		{[]float32{1, 1}, 0, 1},
		{[]float32{0, 1}, 1, 0},
		{[]float32{0, 2, 2, 2}, 1, 2},
		{[]float32{2, 0, 2}, 0, 2},
		{[]float32{1, 0, 0}, 0, 1},
		{[]float32{0, 1, 3, 2}, 2, 3},
		{[]float32{3, 1, 2}, 0, 2},
	} {
		var row Row
		if err := row.SetLogits(c.logits); err != nil {
			t.Fatal(err)
		}
		if row.First != c.first || row.Second != c.second {
			t.Errorf("%v: first %d, second %d, want %d, %d", c.logits, row.First, row.Second, c.first, c.second)
		}
	}
}

func TestRowRefuses(t *testing.T) {
	t.Parallel()
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, c := range []struct {
		values        []float32
		probabilities bool
		want          error
	}{
		{[]float32{0, nan, 1}, false, ErrNotFinite},
		{[]float32{nan, 0, 1}, false, ErrNotFinite},
		{[]float32{0, 1, inf}, false, ErrNotFinite},
		{[]float32{-inf, 1, 2}, false, ErrNotFinite},
		{[]float32{0.5, nan}, true, ErrNotFinite},
		{[]float32{0.5, 0.6}, true, ErrNotProbabilities},
		{[]float32{1.5, -0.5}, true, ErrNotProbabilities},
		{[]float32{2, 1, 3}, true, ErrNotProbabilities},
		{[]float32{0, 0}, true, ErrNotProbabilities},
		{[]float32{0.3}, true, nil},
		{[]float32{0.3}, false, nil},
		{nil, false, nil},
	} {
		var row Row
		set := row.SetLogits
		if c.probabilities {
			set = row.SetProbabilities
		}
		if err := set(c.values); err == nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%v: error is %v, want %v", c.values, err, c.want)
		}
	}
}

func TestProbabilitiesEqualLogits(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 1))
	for range 200 {
		p := make([]float32, 2+rng.IntN(20))
		z := make([]float32, len(p))
		var sum float64
		for i := range z {
			z[i] = float32(3 * rng.NormFloat64())
			sum += math.Exp(float64(z[i]))
		}
		for i := range p {
			p[i] = float32(math.Exp(float64(z[i])) / sum)
		}
		var a, b Row
		if err := errors.Join(a.SetLogits(z), b.SetProbabilities(p)); err != nil {
			t.Fatal(err)
		}
		for _, m := range measures[:5] {
			if x, y := m.Of(&a), m.Of(&b); math.Abs(x-y) > 1e-6*(1+math.Abs(x)) {
				t.Errorf("%s: %g from logits, %g from probabilities", m.Name, x, y)
			}
		}
	}
}

func TestRowAllocatesNothing(t *testing.T) {
	var row Row
	z := make([]float32, 1000)
	z[7] = 3
	ms := measures[:5]
	var sum float64
	if n := testing.AllocsPerRun(100, func() {
		if err := row.SetLogits(z); err != nil {
			t.Fatal(err)
		}
		row.Draw = seeded.Uniform(1, "train/000123")
		for _, m := range ms {
			sum += m.Of(&row)
		}
	}); n != 0 {
		t.Errorf("%g allocations a row", n)
	}
	if math.IsNaN(sum) {
		t.Error("the sum of all scores is not a number")
	}
}

func TestMeasureNamed(t *testing.T) {
	t.Parallel()
	_, err := MeasureNamed("confidence")
	if err == nil || !strings.HasPrefix(err.Error(), `unknown measure "confidence"; did you mean least-confidence, `) {
		t.Errorf("error does not name the nearest measures: %v", err)
	}
}

func BenchmarkMeasures(b *testing.B) {
	for _, classes := range []int{10, 1000} {
		b.Run(fmt.Sprint(classes), func(b *testing.B) {
			rng := rand.New(rand.NewPCG(2, 2))
			z := make([]float32, classes)
			for i := range z {
				z[i] = float32(rng.NormFloat64())
			}
			var row Row
			ms := measures[:5]
			b.ReportAllocs()
			for b.Loop() {
				if err := row.SetLogits(z); err != nil {
					b.Fatal(err)
				}
				for _, m := range ms {
					m.Of(&row)
				}
			}
		})
	}
}
