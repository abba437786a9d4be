package pixel

import (
	"bytes"
	"fmt"
	"os/exec"
	"strings"
	"testing"
)

// Baseline JPEG is decoded as by libjpeg, to the last bit, whatever its
// subsampling, tables and restart markers; progressive JPEG nearly so.
func TestAsLibjpeg(t *testing.T) {
	t.Parallel()
	for _, program := range []string{"cjpeg", "djpeg"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("no %s (Debian: libjpeg-turbo-progs)", program)
		}
	}
	const w, h = 61, 47
	ppm := fmt.Appendf(nil, "P6 %d %d 255\n", w, h)
	for i, v := range noise()(3 * w * h) {
		x, y, c := i/3%w, i/3/w, i%3
		ppm = append(ppm, uint8(x*(9-3*c)+y*(3+4*c)+int(v)%20))
	}
	for _, sampling := range []string{"1x1", "2x1", "2x2", "1x2", "4x1", "4x2"} {
		for _, more := range []string{"", "-restart 1", "-restart 3B", "-optimize", "-grayscale", "-progressive"} {
			for _, quality := range []string{"20", "90", "100"} {
				args := append([]string{"-quality", quality, "-sample", sampling}, strings.Fields(more)...)
				tolerance := 0
				if more == "-progressive" {
					tolerance = 3
				}
				t.Run(strings.Join(args, " "), func(t *testing.T) {
					content := piped(t, ppm, "cjpeg", args...)
					wantPPM(t, content, piped(t, content, "djpeg"), tolerance)
				})
			}
		}
	}
}

// piped is what a program makes of its input.
func piped(t *testing.T, in []byte, program string, args ...string) []byte {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Stdin = bytes.NewReader(in)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// decodeRGB decodes an image to three channels.
func decodeRGB(t testing.TB, content []byte, g Geometry) ([]uint8, Shape) {
	t.Helper()
	o, err := Look(content)
	if err != nil {
		t.Fatal(err)
	}
	p, err := g.Place(o.H, o.W)
	if err != nil {
		t.Fatal(err)
	}
	to := Shape{3, p.H, p.W}
	dst := make([]uint8, to.Size())
	if err := new(Scratch).Decode(content, g, to, false, dst); err != nil {
		t.Fatal(err)
	}
	return dst, to
}

// wantPPM wants an encoded image to have the pixels of a PPM or PGM file.
func wantPPM(t *testing.T, content, ppm []byte, tolerance int) {
	t.Helper()
	var magic string
	var w, h, most int
	if _, err := fmt.Sscan(string(ppm[:20]), &magic, &w, &h, &most); err != nil {
		t.Fatal(err)
	}
	c := 3
	if magic == "P5" {
		c = 1
	}
	want := ppm[len(ppm)-c*w*h:]
	got, _ := decodeRGB(t, content, Geometry{})
	for i := range w * h {
		for k := range 3 {
			g, w := int(got[k*w*h+i]), int(want[i*c+min(k, c-1)])
			if max(g-w, w-g) > tolerance {
				t.Fatalf("pixel %d, channel %d is %d, libjpeg has %d", i, k, g, w)
			}
		}
	}
}

// The middle of an image has the pixels that it has of the whole, whatever part
// of the file is left out for it.
func TestMiddleOfJPEG(t *testing.T) {
	t.Parallel()
	for _, f := range readPIL(t).Files {
		if !strings.HasSuffix(f.Name, ".jpg") {
			continue
		}
		for _, size := range [][2]int{{}, {f.Size[0] * 2 / 3, f.Size[1] * 3 / 4}, {f.Size[0] * 2, f.Size[1] * 2}, {f.Size[0], f.Size[1] * 2}} {
			all, s := decodeRGB(t, f.Content, Geometry{Size: size})
			for _, crop := range [][2]int{{1, 1}, {s.H / 2, s.W / 3}, {s.H, 1}, {s.H - 1, s.W}} {
				if crop[0] == 0 || crop[1] == 0 {
					continue
				}
				part, _ := decodeRGB(t, f.Content, Geometry{Size: size, Crop: crop})
				p, err := Geometry{Size: size, Crop: crop}.Place(f.Size[0], f.Size[1])
				if err != nil {
					t.Fatal(err)
				}
				for i, got := range part {
					c, y, x := i/(p.H*p.W), i/p.W%p.H, i%p.W
					if want := all[(c*s.H+p.Top+y)*s.W+p.Left+x]; got != want {
						t.Fatalf("%s: %v of %v: value %d is %d, want %d", f.Name, crop, size, i, got, want)
					}
				}
			}
		}
	}
}
