package pixel

import (
	"strings"
	"testing"
)

func wantError(t *testing.T, err error, words ...string) {
	t.Helper()
	for _, w := range words {
		if err == nil || !strings.Contains(err.Error(), w) {
			t.Errorf("error %v lacks %q", err, w)
		}
	}
}

// ramp is n bytes that rise from a first one.
func ramp(n, first int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(first + i)
	}
	return b
}

// As torchvision 0.14: Resize(n) gives the shorter side, the other is cut to an
// integer; CenterCrop rounds a half to the even side.
func TestPlace(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		g    Geometry
		h, w int
		want Placement
	}{
		{Geometry{}, 5, 7, Placement{5, 7, 0, 0, 5, 7}},
		{Geometry{Size: [2]int{6, 8}}, 5, 7, Placement{6, 8, 0, 0, 6, 8}},
		{Geometry{Size: [2]int{256}}, 375, 500, Placement{256, 341, 0, 0, 256, 341}},
		{Geometry{Size: [2]int{256}}, 500, 375, Placement{341, 256, 0, 0, 341, 256}},
		{Geometry{Size: [2]int{256}, Crop: [2]int{224, 224}}, 375, 500, Placement{256, 341, 16, 58, 224, 224}},
		{Geometry{Crop: [2]int{2, 3}}, 7, 10, Placement{7, 10, 2, 4, 2, 3}},
		{Geometry{Crop: [2]int{4, 3}}, 7, 4, Placement{7, 4, 2, 0, 4, 3}},
	} {
		if got, err := c.g.Place(c.h, c.w); err != nil || got != c.want {
			t.Errorf("%+v of %d×%d: %+v, %v; want %+v", c.g, c.h, c.w, got, err, c.want)
		}
	}
	_, err := Geometry{Crop: [2]int{8, 8}}.Place(7, 9)
	wantError(t, err, "7×9", "8×8")
	_, err = Geometry{Size: [2]int{256}}.Place(1, 1000)
	wantError(t, err, "256×256000")
}

// A window of a resized image is that part of the whole one.
func TestResizeWindow(t *testing.T) {
	t.Parallel()
	src := raster{c: 3, h: 23, w: 31, pix: make([]uint8, 3*23*31)}
	for i, v := range noise()(len(src.pix)) {
		src.pix[i] = uint8(v)
	}
	for _, size := range [][2]int{{12, 19}, {40, 50}, {23, 17}, {17, 31}, {23, 31}} {
		for _, cubic := range []bool{false, true} {
			whole, err := Geometry{Size: size}.Place(src.h, src.w)
			if err != nil {
				t.Fatal(err)
			}
			part, err := Geometry{Size: size, Crop: [2]int{9, 11}}.Place(src.h, src.w)
			if err != nil {
				t.Fatal(err)
			}
			all, some := make([]uint8, 3*size[0]*size[1]), make([]uint8, 3*9*11)
			mem := new(Scratch)
			resize(src, src.h, src.w, whole, cubic, all, mem)
			resize(src, src.h, src.w, part, cubic, some, mem)
			for i, got := range some {
				c, y, x := i/99, i/11%9, i%11
				if want := all[(c*size[0]+part.Top+y)*size[1]+part.Left+x]; got != want {
					t.Fatalf("to %v, bicubic %v: %d at %d, %d, %d, want %d", size, cubic, got, c, y, x, want)
				}
			}
		}
	}
}
