package pixel

import (
	"math"
	"testing"
)

// noise returns the bytes of a small linear congruential generator, which the
// expected values below were computed from in PIL 9.4 (Image.resize, BILINEAR).
func noise() func(n int) []float32 {
	state := uint32(12345)
	return func(n int) []float32 {
		out := make([]float32, n)
		for i := range out {
			state = (state*1103515245 + 12345) & 0x7fffffff
			out[i] = float32(state >> 16 & 255)
		}
		return out
	}
}

func resampleTo(t testing.TB, src []float32, s Shape, dst []float32, oh, ow int) {
	t.Helper()
	p, err := Geometry{Size: [2]int{oh, ow}}.Place(s.H, s.W)
	if err != nil {
		t.Fatal(err)
	}
	resample(src, s, p, bilinear, dst)
}

func TestResampleAsPIL(t *testing.T) {
	t.Parallel()
	next := noise()
	for _, c := range []struct {
		w, h, ow, oh int
		want         []float32 // the first pixels
	}{
		{13, 9, 5, 4, []float32{94, 105, 110, 154, 80, 99, 117, 100, 146, 156, 116, 105, 113, 147, 157, 160, 113, 115, 182, 144}},
		{5, 4, 9, 7, []float32{106, 106, 106, 85, 58, 84, 113, 159, 186, 119, 128, 143, 116, 79, 74, 78, 120, 145, 139, 164, 203, 167, 112, 58, 22, 57, 78, 150, 177, 222, 200, 161, 124, 88, 58, 40, 164, 189, 232, 226}},
		{28, 28, 32, 32, []float32{248, 124, 202, 130, 126, 232, 218, 238, 38, 114, 215, 162, 111, 151, 185, 172, 64, 51, 129, 159, 99, 38, 53, 23, 117, 224, 160, 173, 176, 158, 204, 109, 248, 72, 123, 95, 87, 152, 160, 168}},
		{7, 6, 7, 3, []float32{100, 79, 132, 90, 163, 180, 129, 122, 194, 146, 116, 130, 95, 149, 119, 161, 112, 99, 124, 129, 113}},
	} {
		dst := make([]float32, c.ow*c.oh)
		resampleTo(t, next(c.w*c.h), Shape{1, c.h, c.w}, dst, c.oh, c.ow)
		for i, want := range c.want {
			if d := math.Abs(float64(dst[i] - want)); d > 1 {
				t.Errorf("%d×%d → %d×%d, pixel %d: %v, PIL has %v", c.h, c.w, c.oh, c.ow, i, dst[i], want)
			}
		}
	}
}

// Weights sum to one: a constant stays what it is, at any size.
func TestResampleConstant(t *testing.T) {
	t.Parallel()
	for _, out := range []int{1, 2, 3, 7, 8, 100} {
		src, dst := make([]float32, 2*7*5), make([]float32, 2*out*(out+1))
		for i := range src {
			src[i] = 0.25 * float32(1+i/35)
		}
		resampleTo(t, src, Shape{2, 7, 5}, dst, out, out+1)
		for i, v := range dst {
			want := 0.25 * float64(1+i/(out*(out+1)))
			if math.Abs(float64(v)-want) > 1e-6 {
				t.Fatalf("size %d, value %d: %v, want %v", out, i, v, want)
			}
		}
	}
}

func BenchmarkResample(b *testing.B) {
	src := noise()(3 * 375 * 500)
	dst := make([]float32, 3*224*224)
	for b.Loop() {
		resampleTo(b, src, Shape{3, 375, 500}, dst, 224, 224)
	}
}

func BenchmarkResize(b *testing.B) {
	src := raster{c: 3, h: 375, w: 500, pix: make([]uint8, 3*375*500)}
	for i, v := range noise()(len(src.pix)) {
		src.pix[i] = uint8(v)
	}
	p, err := Geometry{Size: [2]int{256}, Crop: [2]int{224, 224}}.Place(src.h, src.w)
	if err != nil {
		b.Fatal(err)
	}
	dst, mem := make([]uint8, 3*224*224), new(Scratch)
	for b.Loop() {
		resize(src, src.h, src.w, p, false, dst, mem)
	}
}
