package latency_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/prunefuse/prunefuse/onnxio/latency"
)

func times(ms ...float64) latency.Stats {
	s := latency.Stats{Samples: 1}
	for _, x := range ms {
		s.Times = append(s.Times, time.Duration(x*1e6))
	}
	return s
}

func TestQuantile(t *testing.T) {
	t.Parallel()
	s := times(5, 1, 4, 2, 3)
	for q, want := range map[float64]time.Duration{0: 1e6, 0.25: 2e6, 0.5: 3e6, 0.95: 4.8e6, 1: 5e6} {
		if got := s.Quantile(q); got != want {
			t.Errorf("quantile %v is %v, want %v", q, got, want)
		}
	}
	if got := (latency.Stats{}).Median(); got != 0 {
		t.Errorf("median of no times is %v", got)
	}
	s.Samples = 12
	if got := s.Throughput(); math.Abs(got-4000) > 1e-9 {
		t.Errorf("throughput %v", got)
	}
}

// The ranks are those of the published tables for the median: 1 and 6 of 6,
// 6 and 15 of 20.
func TestRatioOf(t *testing.T) {
	t.Parallel()
	ones := func(n int) (s latency.Stats) {
		for range n {
			s.Times = append(s.Times, time.Millisecond)
		}
		s.Samples = 1
		return s
	}
	climbing := func(n int) (s latency.Stats) {
		for i := range n {
			s.Times = append(s.Times, time.Duration(n-i)*time.Millisecond)
		}
		s.Samples = 1
		return s
	}
	for n, want := range map[int]latency.Ratio{
		6:  {Median: 3.5, Low: 1, High: 6},
		20: {Median: 10.5, Low: 6, High: 15},
	} {
		if got := latency.RatioOf(ones(n), climbing(n)); got != want {
			t.Errorf("%d rounds: %v, want %v", n, got, want)
		}
	}
	if got := latency.RatioOf(ones(5), climbing(5)); got.Median != 3 || !math.IsNaN(got.Low) || !math.IsNaN(got.High) {
		t.Errorf("5 rounds: %v", got)
	}
	if got := latency.RatioOf(ones(3), latency.Stats{}); !math.IsNaN(got.Median) {
		t.Errorf("no rounds: %v", got)
	}
	large := climbing(20)
	large.Samples = 4
	if got := latency.RatioOf(ones(20), large).Median; got != 10.5/4 {
		t.Errorf("for each sample: %v", got)
	}
}

// The interval holds the median as often as it says, for a skewed
// distribution too.
func TestRatioCovers(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{6, 15, 40} {
		held := 0
		const trials = 4000
		for range trials {
			a, b := latency.Stats{Samples: 1}, latency.Stats{Samples: 1}
			for range n {
				a.Times = append(a.Times, time.Second)
				b.Times = append(b.Times, time.Duration(1e9*math.Exp(rng.NormFloat64())))
			}
			if r := latency.RatioOf(a, b); r.Low <= 1 && 1 <= r.High {
				held++
			}
		}
		if share := float64(held) / trials; share < 0.945 || share > 0.985 {
			t.Errorf("%d rounds: the interval held the median in %.3f of the trials", n, share)
		}
	}
}

func ExampleRatioOf() {
	a := latency.Stats{Samples: 1, Times: []time.Duration{10, 11, 10, 30, 10, 12}}
	b := latency.Stats{Samples: 1, Times: []time.Duration{5, 6, 5, 15, 4, 6}}
	r := latency.RatioOf(a, b)
	fmt.Printf("%.2f, from %.2f to %.2f\n", r.Median, r.Low, r.High)
	// Output:
	// 0.50, from 0.40 to 0.55
}
