package pixel

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func TestShift(t *testing.T) {
	t.Parallel()
	shape := Shape{1, 2, 3}
	src := []float32{1, 2, 3, 4, 5, 6}
	for _, c := range []struct {
		dy, dx int
		flip   bool
		want   []float32
	}{
		{0, 0, false, []float32{1, 2, 3, 4, 5, 6}},
		{0, 0, true, []float32{3, 2, 1, 6, 5, 4}},
		{1, 0, false, []float32{4, 5, 6, 0, 0, 0}},
		{-1, 0, false, []float32{0, 0, 0, 1, 2, 3}},
		{0, 1, false, []float32{2, 3, 0, 5, 6, 0}},
		{0, -2, false, []float32{0, 0, 1, 0, 0, 4}},
		{1, 1, true, []float32{0, 6, 5, 0, 0, 0}},
		{0, 3, false, make([]float32, 6)},
		{9, -9, true, make([]float32, 6)},
	} {
		dst := []float32{9, 9, 9, 9, 9, 9}
		shift(shape, src, dst, c.dy, c.dx)
		if c.flip {
			mirror(shape, dst)
		}
		if !slices.Equal(dst, c.want) {
			t.Errorf("shift %d, %d, flip %v: %v, want %v", c.dy, c.dx, c.flip, dst, c.want)
		}
	}
}

// Every crop and both directions come up, and a seed fixes them.
func TestAugment(t *testing.T) {
	t.Parallel()
	shape := Shape{2, 3, 3}
	src := make([]float32, shape.Size())
	for i := range src {
		src[i] = float32(i + 1)
	}
	draw := func(seed uint64) map[[18]float32]int {
		rng := rand.New(rand.NewPCG(seed, 0))
		seen := map[[18]float32]int{}
		for range 2000 {
			var dst [18]float32
			Augment{Pad: 1, Flip: true}.Apply(rng, shape, src, dst[:])
			seen[dst]++
		}
		return seen
	}
	seen := draw(1)
	if len(seen) != 18 { // 3 × 3 shifts, flipped or not
		t.Errorf("%d different crops, want 18", len(seen))
	}
	for crop, n := range seen {
		if n < 60 || n > 170 { // 111 expected
			t.Errorf("crop %v came up %d times of 2000", crop, n)
		}
	}
	again := draw(1)
	for crop, n := range seen {
		if again[crop] != n {
			t.Fatal("the same seed gave other crops")
		}
	}
	dst := make([]float32, len(src))
	Augment{}.Apply(nil, shape, src, dst)
	if !slices.Equal(dst, src) {
		t.Error("the zero value changes the sample")
	}
}

func TestAugmentCheck(t *testing.T) {
	t.Parallel()
	for want, a := range map[string]Augment{
		"a padding of -1":  {Pad: -1},
		"exclude":          {Pad: 1, Resize: ResizedCrop{Scale: [2]float64{0.5, 1}}},
		"0.5 to 0.2":       {Resize: ResizedCrop{Scale: [2]float64{0.5, 0.2}}},
		"0 to 1 of the":    {Resize: ResizedCrop{Scale: [2]float64{0, 1}, Ratio: [2]float64{1, 1}}},
		"0.5 to 1.5":       {Resize: ResizedCrop{Scale: [2]float64{0.5, 1.5}}},
		"a width of 2 to ": {Resize: ResizedCrop{Scale: [2]float64{0.5, 1}, Ratio: [2]float64{2, 1}}},
		"":                 {Flip: true, Resize: ResizedCrop{Scale: [2]float64{1, 1}}},
	} {
		err := a.Check()
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: error %v, want %q in it", a, err, want)
		}
	}
}
