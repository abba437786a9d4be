package pixel

import (
	"math"
	"math/rand/v2"
	"testing"
)

// A part that is stretched over the image is what the resizing of images makes
// of it, which is PIL's.
func TestResizeBox(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		s := Shape{1 + rng.IntN(3), 1 + rng.IntN(12), 1 + rng.IntN(12)}
		src, got := make([]float32, s.Size()), make([]float32, s.Size())
		for i := range src {
			src[i] = rng.Float32()
		}
		b := box{h: 1 + rng.IntN(s.H), w: 1 + rng.IntN(s.W)}
		b.top, b.left = rng.IntN(s.H-b.h+1), rng.IntN(s.W-b.w+1)
		resizeBox(s, src, got, b)
		var part []float32
		for c := range s.C {
			for y := range b.h {
				part = append(part, src[(c*s.H+b.top+y)*s.W+b.left:][:b.w]...)
			}
		}
		want := make([]float32, s.Size())
		resample(part, Shape{s.C, b.h, b.w}, Placement{Rows: s.H, Columns: s.W, H: s.H, W: s.W}, bilinear, want)
		for i, v := range got {
			if math.Abs(float64(v-want[i])) > 1e-5 {
				t.Fatalf("%+v of %v: value %d is %v, want %v", b, s, i, v, want[i])
			}
		}
	}
}

// Areas and shapes are spread as they are asked for.
func TestResizedCropDraws(t *testing.T) {
	t.Parallel()
	s := Shape{1, 200, 200}
	r := ResizedCrop{Scale: [2]float64{0.2, 0.5}, Ratio: [2]float64{0.5, 2}}
	rng := rand.New(rand.NewPCG(3, 4))
	const n = 4000
	var area, ratio float64
	for range n {
		b := r.draw(rng, s)
		a, q := float64(b.h*b.w)/float64(s.H*s.W), math.Log2(float64(b.w)/float64(b.h))
		if a < 0.19 || a > 0.51 || math.Abs(q) > 1.05 || b.top < 0 || b.left < 0 || b.top+b.h > s.H || b.left+b.w > s.W {
			t.Fatalf("%+v", b)
		}
		area += a / n
		ratio += q / n
	}
	if math.Abs(area-0.35) > 0.005 || math.Abs(ratio) > 0.04 {
		t.Errorf("mean area %v and log ratio %v, want 0.35 and 0", area, ratio)
	}
}

// Where no shape fits, the middle is taken.
func TestResizedCropFallsBack(t *testing.T) {
	t.Parallel()
	r := ResizedCrop{Scale: [2]float64{1, 1}}
	rng := rand.New(rand.NewPCG(3, 4))
	for want, s := range map[box]Shape{
		{0, 93, 10, 13}: {1, 10, 200}, // 4/3 wide
		{93, 0, 13, 10}: {1, 200, 10},
	} {
		if got := r.draw(rng, s); got != want {
			t.Errorf("%v: %+v, want %+v", s, got, want)
		}
	}
	whole := Shape{1, 8, 8}
	r.Ratio = [2]float64{1, 1}
	if got, want := r.draw(rng, whole), (box{0, 0, 8, 8}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}
