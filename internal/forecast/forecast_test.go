package forecast

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"
)

// Points on a power law give the law back, and what it says beyond them.
func TestFit(t *testing.T) {
	t.Parallel()
	var points []Point
	const total = 1_000_000
	for _, n := range []int{100, 200, 400, 800} {
		e := 2 * math.Pow(float64(n), -0.5)
		points = append(points, Point{n, total - int(math.Round(e*total)), total})
	}
	c, err := Fit(points)
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(c.Slope+0.5) > 1e-4 || math.Abs(math.Exp(c.Level)-2) > 1e-3 {
		t.Errorf("error %.5f·n^%.5f, want 2·n^−0.5", math.Exp(c.Level), c.Slope)
	}
	if a, low, high := c.At(1600); math.Abs(a-0.95) > 1e-4 || low >= a || high <= a || high-low > 0.01 {
		t.Errorf("at 1,600 labels %v, from %v to %v, want 0.95", a, low, high)
	}
}

// Of points with the noise of the held-out set and more, the next lies within the limits
// as often as they say.
func TestCoverage(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	for _, extra := range []float64{0, 0.1} {
		measure := func(n int) Point {
			e := min(0.9, 3*math.Pow(float64(n), -0.4)*math.Exp(extra*rng.NormFloat64()))
			p := Point{Labels: n, Total: 2000}
			for range p.Total {
				if rng.Float64() >= e {
					p.Correct++
				}
			}
			return p
		}
		within := 0
		const draws = 2000
		for range draws {
			var points []Point
			for _, n := range []int{100, 150, 200, 250, 300} {
				points = append(points, measure(n))
			}
			c, err := Fit(points)
			if err != nil {
				t.Fatal(err)
			}
			next := measure(350)
			a := float64(next.Correct) / float64(next.Total)
			if _, low, high := c.At(350); low <= a && a <= high {
				within++
			}
		}
		if share := float64(within) / draws; share < 0.93 {
			t.Errorf("with noise %v the limits hold %.3f, want 0.95 or a little more", extra, share)
		}
	}
}

func TestFewPoints(t *testing.T) {
	t.Parallel()
	for _, points := range [][]Point{nil, {{1, 1, 2}, {2, 1, 2}}, {{1, 1, 2}, {2, 1, 2}, {2, 1, 2}}, {{0, 1, 2}, {2, 1, 2}, {3, 1, 2}}} {
		if _, err := Fit(points); !errors.Is(err, ErrFew) {
			t.Errorf("%v: %v", points, err)
		}
	}
	c, err := Fit([]Point{{10, 10, 10}, {20, 10, 10}, {30, 10, 10}}) // nothing wrong
	if err != nil {
		t.Fatal(err)
	}
	if a, low, high := c.At(40); !(a > 0.9 && low >= 0 && high <= 1) {
		t.Errorf("%v from %v to %v", a, low, high)
	}
}
