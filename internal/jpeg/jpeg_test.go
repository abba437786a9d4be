package jpeg

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"math/rand/v2"
	"os/exec"
	"testing"
)

// picture is soft colours and some noise.
func picture(w, h int, noise uint64) *image.RGBA {
	rng := rand.New(rand.NewPCG(noise, 1))
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			n := uint8(rng.Uint64N(1 + noise))
			img.SetRGBA(x, y, color.RGBA{uint8(x*9+y*3)>>1 + n, uint8(x*2+y*11)>>1 + n, 255 - uint8(x*y)>>1, 255})
		}
	}
	return img
}

func encode(t testing.TB, img image.Image, quality int) []byte {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: quality}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func decode(d *Decoder, content []byte) (image.Image, error) {
	w, h, err := d.Header(content)
	if err != nil {
		return nil, err
	}
	return d.Decode(image.Rect(0, 0, w, h))
}

// samples are the planes of an image without what is beyond its edges.
func samples(t testing.TB, img image.Image) [][]uint8 {
	t.Helper()
	plane := func(pix []uint8, stride, w, h int) []uint8 {
		var out []uint8
		for y := range h {
			out = append(out, pix[y*stride:][:w]...)
		}
		return out
	}
	b := img.Bounds()
	switch img := img.(type) {
	case *image.Gray:
		return [][]uint8{plane(img.Pix, img.Stride, b.Dx(), b.Dy())}
	case *image.YCbCr:
		last := img.COffset(b.Max.X-1, b.Max.Y-1)
		cw, ch := last%img.CStride+1, last/img.CStride+1
		return [][]uint8{
			plane(img.Y, img.YStride, b.Dx(), b.Dy()),
			plane(img.Cb, img.CStride, cw, ch), plane(img.Cr, img.CStride, cw, ch),
		}
	}
	t.Fatalf("an image of type %T", img)
	return nil
}

// near wants the samples of two images within a tolerance.
func near(t testing.TB, got, want image.Image, tolerance int) {
	t.Helper()
	g, w := samples(t, got), samples(t, want)
	if len(g) != len(w) || got.Bounds() != want.Bounds() {
		t.Fatalf("%d planes in %v, want %d in %v", len(g), got.Bounds(), len(w), want.Bounds())
	}
	for c := range w {
		if len(g[c]) != len(w[c]) {
			t.Fatalf("plane %d has %d samples, want %d", c, len(g[c]), len(w[c]))
		}
		for i, v := range w[c] {
			if d := int(g[c][i]) - int(v); d < -tolerance || d > tolerance {
				t.Fatalf("plane %d: sample %d is %d, want %d", c, i, g[c][i], v)
			}
		}
	}
}

// The transforms of image/jpeg and libjpeg round differently.
const rounding = 2

func TestAsImageJPEG(t *testing.T) {
	t.Parallel()
	var d Decoder
	for _, size := range [][2]int{{1, 1}, {8, 8}, {16, 16}, {17, 33}, {100, 75}, {3, 200}} {
		for _, noise := range []uint64{0, 9, 200} {
			for _, quality := range []int{1, 30, 75, 90, 100} {
				img := picture(size[0], size[1], noise)
				grey := image.NewGray(img.Rect)
				for i := range grey.Pix {
					grey.Pix[i] = img.Pix[4*i]
				}
				for _, img := range []image.Image{img, grey} {
					content := encode(t, img, quality)
					got, err := decode(&d, content)
					if err != nil {
						t.Fatalf("%v at quality %d: %v", size, quality, err)
					}
					want, err := jpeg.Decode(bytes.NewReader(content))
					if err != nil {
						t.Fatal(err)
					}
					near(t, got, want, rounding)
				}
			}
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	content := encode(b, picture(500, 375, 20), 90)
	b.Logf("%d bytes", len(content))
	b.Run("ours", func(b *testing.B) {
		var d Decoder
		for b.Loop() {
			if _, err := decode(&d, content); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("image/jpeg", func(b *testing.B) {
		for b.Loop() {
			if _, err := jpeg.Decode(bytes.NewReader(content)); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// Every window of an image has its samples.
func TestWindow(t *testing.T) {
	t.Parallel()
	var whole, part Decoder
	for _, size := range [][2]int{{40, 50}, {33, 17}} {
		content := encode(t, picture(size[0], size[1], 9), 80)
		img, err := decode(&whole, content)
		if err != nil {
			t.Fatal(err)
		}
		rng := rand.New(rand.NewPCG(1, 2))
		for range 100 {
			x, y := rng.IntN(size[0]), rng.IntN(size[1])
			window := image.Rect(x, y, x+1+rng.IntN(size[0]-x), y+1+rng.IntN(size[1]-y))
			if _, _, err := part.Header(content); err != nil {
				t.Fatal(err)
			}
			for _, p := range part.planes {
				clear(p.pix)
			}
			got, err := part.Decode(window)
			if err != nil {
				t.Fatal(err)
			}
			near(t, got, img.(*image.YCbCr).SubImage(window), 0)
		}
	}
}

// restarted puts grey images of one block beside each other, each after a restart
// marker but the first.
func restarted(t testing.TB, means []uint8) []byte {
	t.Helper()
	const fromWidth = 7 // of the start of the frame: length, precision, height, width
	var out []byte
	for i, mean := range means {
		block := image.NewGray(image.Rect(0, 0, 8, 8))
		for k := range block.Pix {
			block.Pix[k] = mean + uint8(k%8)
		}
		content := encode(t, block, 95)
		scan := bytes.Index(content, []byte{0xff, startOfScan})
		data := content[scan+2+int(content[scan+3]) : len(content)-2]
		if i == 0 {
			frame := bytes.Index(content, []byte{0xff, startOfBaseline})
			out = append(out, content[:scan]...)
			out[frame+fromWidth], out[frame+fromWidth+1] = uint8(8*len(means)>>8), uint8(8*len(means))
			out = append(out, 0xff, defineRestart, 0, 4, 0, 1)
			out = append(out, content[scan:scan+2+int(content[scan+3])]...)
		} else {
			out = append(out, 0xff, firstRestart+byte((i-1)%8))
		}
		out = append(out, data...)
	}
	return append(out, 0xff, endOfImage)
}

func TestRestart(t *testing.T) {
	t.Parallel()
	means := []uint8{3, 80, 81, 200, 7, 240, 120, 121, 122, 9, 77, 0}
	content := restarted(t, means)
	img, err := decode(new(Decoder), content)
	if err != nil {
		t.Fatal(err)
	}
	want, err := jpeg.Decode(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	near(t, img, want, rounding)
	for i, mean := range means {
		if got := img.(*image.Gray).GrayAt(8*i, 0).Y; got < mean-min(mean, 3) || got > mean+3 {
			t.Errorf("block %d begins with %d, want about %d", i, got, mean)
		}
	}
}

// What is not whole is left to image/jpeg, and a decoder works on after it.
func TestOther(t *testing.T) {
	t.Parallel()
	good := encode(t, picture(40, 30, 9), 80)
	scan := bytes.Index(good, []byte{0xff, startOfScan})
	edited := func(edit func(b []byte) []byte) []byte { return edit(bytes.Clone(good)) }
	var d Decoder
	for name, content := range map[string][]byte{
		"nothing":     nil,
		"cut short":   good[:len(good)-20],
		"without end": good[:len(good)-2],
		"headers":     good[:scan],
		"too much":    edited(func(b []byte) []byte { return append(append(b[:len(b)-2:len(b)-2], 1, 2, 3), 0xff, endOfImage) }),
		"progressive": edited(func(b []byte) []byte { b[bytes.Index(b, []byte{0xff, startOfBaseline})+1] = 0xc2; return b }),
		"a marker":    edited(func(b []byte) []byte { b[scan+40], b[scan+41] = 0xff, 0xd3; return b }),
		"large":       edited(func(b []byte) []byte { b[bytes.Index(b, []byte{0xff, startOfBaseline})+5] = 0xff; return b }),
	} {
		if _, err := decode(&d, content); !errors.Is(err, ErrOther) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := decode(&d, good); err != nil {
			t.Fatalf("after %s: %v", name, err)
		}
	}
}

// FuzzDecode wants what this package decodes to be decoded by image/jpeg to an image
// of the same form, or, where that refuses a code that libjpeg reads, by libjpeg. Samples are not compared: of coefficients that no 8-bit samples
// have, image/jpeg's transform overflows where libjpeg's and this package's do not.
func FuzzDecode(f *testing.F) {
	for _, quality := range []int{5, 50, 90, 100} {
		f.Add(encode(f, picture(19, 21, 9), quality))
		f.Add(encode(f, image.NewGray(image.Rect(0, 0, 17, 9)), quality))
	}
	f.Add(restarted(f, []uint8{1, 70, 200}))
	f.Fuzz(func(t *testing.T, content []byte) {
		w, h, err := new(Decoder).Header(content)
		if err != nil || w*h > 1<<20 {
			return
		}
		got, err := decode(new(Decoder), content)
		if err != nil {
			return
		}
		want, err := jpeg.Decode(bytes.NewReader(content))
		if err != nil {
			asLibjpeg(t, content, got.Bounds(), err)
			return
		}
		near(t, got, want, 255)
	})
}

// asLibjpeg wants libjpeg to read, without a warning, what image/jpeg refuses. Where its
// program is missing there is nobody to ask.
func asLibjpeg(t *testing.T, content []byte, bounds image.Rectangle, refusal error) {
	t.Helper()
	if _, err := exec.LookPath("djpeg"); err != nil {
		return // Debian has it in libjpeg-turbo-progs
	}
	cmd := exec.Command("djpeg")
	cmd.Stdin = bytes.NewReader(content)
	var warnings bytes.Buffer
	cmd.Stderr = &warnings
	ppm, err := cmd.Output()
	if err != nil || warnings.Len() > 0 {
		t.Fatalf("image/jpeg refuses it: %v; libjpeg: %v %s", refusal, err, &warnings)
	}
	var magic string
	var w, h int
	if _, err := fmt.Sscan(string(ppm[:min(20, len(ppm))]), &magic, &w, &h); err != nil || w != bounds.Dx() || h != bounds.Dy() {
		t.Fatalf("libjpeg makes %d×%d of it (%v), want %v", w, h, err, bounds)
	}
}
