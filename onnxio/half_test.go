package onnxio

import (
	"math"
	"math/rand/v2"
	"sort"
	"testing"
)

// halfValue returns the value of a finite half from its definition.
func halfValue(h uint16) float64 {
	exp, frac := int(h>>10)&0x1f, float64(h&0x3ff)
	v := math.Ldexp(1+frac/1024, exp-15)
	if exp == 0 {
		v = math.Ldexp(frac/1024, -14)
	}
	if h&0x8000 != 0 {
		v = -v
	}
	return v
}

func TestHalfToFloat(t *testing.T) {
	t.Parallel()
	for i := range 1 << 16 {
		h := uint16(i)
		got := HalfToFloat(h)
		switch {
		case h&0x7c00 != 0x7c00:
			if want := halfValue(h); float64(got) != want || math.Signbit(float64(got)) != (h>>15 == 1) {
				t.Fatalf("HalfToFloat(%#04x) = %v, want %v", h, got, want)
			}
		case h&0x3ff == 0:
			if want := math.Inf(1 - 2*int(h>>15)); float64(got) != want {
				t.Fatalf("HalfToFloat(%#04x) = %v, want %v", h, got, want)
			}
		case got == got:
			t.Fatalf("HalfToFloat(%#04x) = %v, want NaN", h, got)
		}
		want := h
		if got != got {
			want |= 0x200 // a signalling NaN turns quiet
		}
		if back := FloatToHalf(got); back != want {
			t.Fatalf("%#04x comes back as %#04x, want %#04x", h, back, want)
		}
	}
}

// nearest rounds to the nearest of an ascending table whose value i is coded
// as i, ties to the even code. The last value stands for infinity.
func nearest(table []float64, v float64) uint16 {
	i := sort.SearchFloat64s(table, v)
	switch {
	case i == len(table):
		return uint16(len(table) - 1)
	case table[i] == v || i == 0:
		return uint16(i)
	}
	below, above := v-table[i-1], table[i]-v
	if below < above || (below == above && i%2 == 1) {
		return uint16(i - 1)
	}
	return uint16(i)
}

// checkRounding compares round with nearest at every value of the table, at
// every midpoint, beside both, and at random floats, of either sign.
func checkRounding(t *testing.T, table []float64, round func(float32) uint16) {
	t.Helper()
	check := func(f float32) {
		t.Helper()
		if want := nearest(table, float64(f)); round(f) != want {
			t.Fatalf("%v (%#08x) rounds to %#04x, want %#04x", f, math.Float32bits(f), round(f), want)
		}
		if want := 0x8000 | nearest(table, float64(f)); round(-f) != want {
			t.Fatalf("%v rounds to %#04x, want %#04x", -f, round(-f), want)
		}
	}
	inf := float32(math.Inf(1))
	for i, v := range table {
		points := []float32{float32(v)}
		if i > 0 {
			points = append(points, float32((table[i-1]+v)/2))
		}
		for _, f := range points {
			check(f)
			check(min(math.Nextafter32(f, inf), math.MaxFloat32))
			if f > 0 {
				check(math.Nextafter32(f, 0))
			}
		}
	}
	check(inf)
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200_000 {
		if f := math.Float32frombits(rng.Uint32() & 0x7fffffff); f == f {
			check(f)
		}
	}
}

func TestFloatToHalfRounds(t *testing.T) {
	t.Parallel()
	table := make([]float64, 0x7c01)
	for i := range 0x7c00 {
		table[i] = halfValue(uint16(i))
	}
	table[0x7c00] = 65536 // where infinity lies for rounding
	checkRounding(t, table, FloatToHalf)
}

func TestFloatToBrainRounds(t *testing.T) {
	t.Parallel()
	table := make([]float64, 0x7f81)
	for i := range 0x7f80 {
		table[i] = float64(math.Float32frombits(uint32(i) << 16))
	}
	table[0x7f80] = 0x1p128
	checkRounding(t, table, floatToBrain)
	for i := range 1 << 16 {
		b := uint16(i)
		want := b
		if b&0x7f80 == 0x7f80 && b&0x7f != 0 {
			want |= 0x40
		}
		if got := floatToBrain(math.Float32frombits(uint32(b) << 16)); got != want {
			t.Fatalf("%#04x comes back as %#04x, want %#04x", b, got, want)
		}
	}
	// A NaN whose set bits are all below the cut must not become infinite.
	if got := floatToBrain(math.Float32frombits(0x7f800001)); got&0x7f == 0 {
		t.Errorf("NaN became %#04x", got)
	}
	if got := FloatToHalf(math.Float32frombits(0x7f800001)); got&0x3ff == 0 {
		t.Errorf("NaN became %#04x", got)
	}
}
