package seeded

import (
	"fmt"
	"math"
	"testing"
)

// TestUniform holds the numbers to a uniform law, by a χ² over 100 cells (99
// degrees of freedom: 148 is exceeded with probability 0.001), and two seeds to
// no correlation.
func TestUniform(t *testing.T) {
	t.Parallel()
	const n, cells = 20_000, 100
	for seed := range uint64(4) {
		var count [cells]int
		var cross float64
		for i := range n {
			id := fmt.Sprintf("train/%d", i)
			u := Uniform(seed, id)
			if u < 0 || u >= 1 {
				t.Fatalf("%g is outside [0, 1)", u)
			}
			count[int(u*cells)]++
			cross += (u - 0.5) * (Uniform(seed+1, id) - 0.5)
		}
		var chi float64
		for _, c := range count {
			d := float64(c) - n/cells
			chi += d * d / (n / cells)
		}
		if chi > 148 {
			t.Errorf("seed %d: χ² is %.1f", seed, chi)
		}
		if r := 12 * cross / n; math.Abs(r) > 0.03 {
			t.Errorf("seeds %d and %d: correlation %.3f", seed, seed+1, r)
		}
	}
}

// Numbers in (0, 1) have a logarithm, whatever their bits are.
func TestPositive(t *testing.T) {
	t.Parallel()
	for _, bits := range []uint64{0, 1, math.MaxUint64} {
		if u := openUnit(bits); u <= 0 || u >= 1 {
			t.Errorf("%x gives %g", bits, u)
		}
	}
	s := NewStream(1, "test")
	if s.Uniform(0) == s.Uniform(1) || s.Sub(0) == s.Sub(1) || s == NewStream(1, "other") || s == NewStream(2, "test") {
		t.Error("places, purposes and seeds share their numbers")
	}
}
