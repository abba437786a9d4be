package pixel

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestMixup(t *testing.T) {
	t.Parallel()
	b := Blend{Keep: 0.75}
	dst := make([]float32, 2)
	b.Samples(Shape{1, 1, 2}, dst, []float32{4, 0}, []float32{0, 8})
	if want := []float32{3, 2}; !slices.Equal(dst, want) {
		t.Errorf("%v, want %v", dst, want)
	}
	rng := rand.New(rand.NewPCG(1, 1))
	var mean, square float64
	const n, alpha = 20000, 0.4
	for range n {
		b := Mix{Mixup: alpha}.Draw(rng, Shape{1, 4, 4})
		if b.box != (box{}) || b.Keep < 0 || b.Keep > 1 {
			t.Fatalf("%+v", b)
		}
		mean += float64(b.Keep) / n
		square += float64(b.Keep) * float64(b.Keep) / n
	}
	if v := 1.0 / (4 * (2*alpha + 1)); math.Abs(mean-0.5) > 0.01 || math.Abs(square-mean*mean-v) > 0.01 {
		t.Errorf("shares have mean %v and variance %v, want 0.5 and %v", mean, square-mean*mean, v)
	}
}

// The share of a target is the share of the picture.
func TestCutmix(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 1))
	s := Shape{2, 6, 9}
	one, other, dst := make([]float32, s.Size()), make([]float32, s.Size()), make([]float32, s.Size())
	for i := range other {
		other[i] = 1
	}
	whole, cut := 0, 0
	for range 2000 {
		b := Mix{Cutmix: 1}.Draw(rng, s)
		b.Samples(s, dst, one, other)
		sum := float32(0)
		for _, v := range dst {
			sum += v
		}
		if got := 1 - sum/float32(s.Size()); math.Abs(float64(got-b.Keep)) > 1e-6 {
			t.Fatalf("%+v keeps %v", b, got)
		}
		if !slices.Equal(dst[:54], dst[54:]) {
			t.Fatal("the channels are cut differently")
		}
		if b.Keep == 1 {
			whole++
		} else if cut++; b.box.top < 0 || b.box.left < 0 || b.box.top+b.box.h > s.H || b.box.left+b.box.w > s.W {
			t.Fatalf("%+v", b)
		}
	}
	if whole == 0 || cut < 1000 {
		t.Errorf("%d cuts, %d left whole", cut, whole)
	}
}

func TestMixDrawsOneOfTwo(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 1))
	cut := 0
	for range 1000 {
		if b := (Mix{Mixup: 1, Cutmix: 1}).Draw(rng, Shape{1, 32, 32}); b.box != (box{}) {
			cut++
		}
	}
	if cut < 420 || cut > 540 { // half, less the boxes that are empty
		t.Errorf("%d of 1000 were cut", cut)
	}
	for range 1000 { // so small that a beta variate often is 0/0
		if b := (Mix{Mixup: 1e-4}).Draw(rng, Shape{}); !(b.Keep >= 0 && b.Keep <= 1) {
			t.Fatalf("%+v", b)
		}
	}
	for _, m := range []Mix{{Mixup: -1}, {Cutmix: math.NaN()}, {Mixup: math.Inf(1)}} {
		if m.Check() == nil {
			t.Errorf("%+v passes", m)
		}
	}
}
