package data

import "testing"

// As torchvision 0.14: Resize(n) gives the shorter side, the other is cut to an
// integer; CenterCrop rounds a half to the even side.
func TestPlace(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		g    geometry
		h, w int
		want placement
	}{
		{geometry{}, 5, 7, placement{5, 7, 0, 0, 5, 7}},
		{geometry{size: [2]int{6, 8}}, 5, 7, placement{6, 8, 0, 0, 6, 8}},
		{geometry{size: [2]int{256}}, 375, 500, placement{256, 341, 0, 0, 256, 341}},
		{geometry{size: [2]int{256}}, 500, 375, placement{341, 256, 0, 0, 341, 256}},
		{geometry{size: [2]int{256}, crop: [2]int{224, 224}}, 375, 500, placement{256, 341, 16, 58, 224, 224}},
		{geometry{crop: [2]int{2, 3}}, 7, 10, placement{7, 10, 2, 4, 2, 3}},
		{geometry{crop: [2]int{4, 3}}, 7, 4, placement{7, 4, 2, 0, 4, 3}},
	} {
		if got, err := c.g.place(c.h, c.w); err != nil || got != c.want {
			t.Errorf("%+v of %d×%d: %+v, %v; want %+v", c.g, c.h, c.w, got, err, c.want)
		}
	}
	_, err := geometry{crop: [2]int{8, 8}}.place(7, 9)
	wantError(t, err, "7×9", "8×8")
	_, err = geometry{size: [2]int{256}}.place(1, 1000)
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
			whole, err := geometry{size: size}.place(src.h, src.w)
			if err != nil {
				t.Fatal(err)
			}
			part, err := geometry{size: size, crop: [2]int{9, 11}}.place(src.h, src.w)
			if err != nil {
				t.Fatal(err)
			}
			all, some := make([]uint8, 3*size[0]*size[1]), make([]uint8, 3*9*11)
			mem := new(scratch)
			resize(src, src.h, src.w, whole, cubic, all, mem)
			resize(src, src.h, src.w, part, cubic, some, mem)
			for i, got := range some {
				c, y, x := i/99, i/11%9, i%11
				if want := all[(c*size[0]+part.top+y)*size[1]+part.left+x]; got != want {
					t.Fatalf("to %v, bicubic %v: %d at %d, %d, %d, want %d", size, cubic, got, c, y, x, want)
				}
			}
		}
	}
}
