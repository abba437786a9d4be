package data

import (
	"bytes"
	"encoding/base64"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/fstest"
)

func TestImageFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	grey := func(v byte) []byte { return pngBytes(t, greyImage(2, 1, v, v+1)) }
	put(t, dir, "zebra/b.png", grey(1))
	put(t, dir, "zebra/a.PNG", grey(2))
	put(t, dir, "ant/deep/er/c.png", grey(3))
	put(t, dir, "ant/.hidden.png", grey(9))
	put(t, dir, ".cache/x.png", grey(9))
	put(t, dir, "docs/readme.txt", nil)
	put(t, dir, "index.csv", nil)
	set := mustOpen(t, dir, Options{})
	if !slices.Equal(set.Classes(), []string{"ant", "zebra"}) || set.Shape() != (Shape{1, 1, 2}) {
		t.Fatalf("classes %v, shape %v", set.Classes(), set.Shape())
	}
	for i, want := range []struct {
		id    string
		label int
		first byte
	}{{"ant/deep/er/c.png", 0, 3}, {"zebra/a.PNG", 1, 2}, {"zebra/b.png", 1, 1}} {
		if set.ID(i) != want.id || set.Label(i) != want.label {
			t.Errorf("sample %d: %s, label %d", i, set.ID(i), set.Label(i))
		}
		wantBytes(t, set, i, []byte{want.first, want.first + 1})
	}
}

func TestFlatFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put(t, dir, "b.png", pngBytes(t, greyImage(1, 1, 8)))
	put(t, dir, "a.png", pngBytes(t, greyImage(1, 1, 7)))
	set := mustOpen(t, dir, Options{})
	if set.Len() != 2 || set.Label(0) != -1 || set.Classes() != nil || set.ID(0) != "a.png" {
		t.Errorf("%d samples, label %d, classes %v, ID %s", set.Len(), set.Label(0), set.Classes(), set.ID(0))
	}
}

func TestSplitFolders(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for i, name := range []string{"both/train/a/1.png", "both/val/a/2.png", "class/train/3.png", "class/bus/4.png"} {
		put(t, dir, name, pngBytes(t, greyImage(1, 1, byte(i))))
	}
	for spec, want := range map[string]string{
		"both": "a/1.png", "both:train": "a/1.png", "both:test": "a/2.png", "both:val": "a/2.png",
		"class": "bus/4.png", // train is a class here: nothing beside it is a split
	} {
		if set := mustOpen(t, filepath.Join(dir, spec), Options{}); set.ID(0) != want {
			t.Errorf("%s: first sample %s, want %s", spec, set.ID(0), want)
		}
	}
}

func TestImageLinks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put(t, dir, "real/1.png", pngBytes(t, greyImage(1, 1, 5)))
	put(t, dir, "set/a/0.png", pngBytes(t, greyImage(1, 1, 4)))
	if err := os.Symlink(filepath.Join(dir, "real"), filepath.Join(dir, "set", "b")); err != nil {
		t.Skipf("symbolic links cannot be made here: %v", err)
	}
	if err := os.Symlink("nowhere", filepath.Join(dir, "set", "a", "1.png")); err != nil {
		t.Fatal(err)
	}
	set := mustOpen(t, filepath.Join(dir, "set"), Options{})
	if set.Len() != 3 || set.ID(2) != "b/1.png" {
		t.Fatalf("%d samples", set.Len())
	}
	wantBytes(t, set, 2, []byte{5})
	wantError(t, set.Read(1, make([]float32, 1)), "a/1.png")
	if err := os.Symlink("..", filepath.Join(dir, "set", "a", "loop")); err != nil {
		t.Fatal(err)
	}
	_, err := Open(filepath.Join(dir, "set"), Options{})
	wantError(t, err, "nested more than")
}

func TestUnreadableImages(t *testing.T) {
	t.Parallel()
	whole := pngBytes(t, greyImage(4, 4, ramp(16, 0)...))
	fsys := fstest.MapFS{
		"a/0.png": {Data: whole},
		"a/1.png": {Data: whole[:len(whole)-20]},
		"a/2.png": {Data: []byte("text")},
		"a/3.png": {},
	}
	for name, opts := range map[string]Options{"as stored": {}, "resized": {Size: [2]int{2, 2}, Channels: 1}} {
		set, err := ImageFolder(fsys, opts)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		mustRead(t, set, 0)
		for i := 1; i < 4; i++ {
			wantError(t, set.Read(i, make([]float32, set.Shape().Size())), "read image "+set.ID(i))
		}
	}
}

// Channels follow the headers of all files: one in colour makes a colour set.
func TestFolderChannels(t *testing.T) {
	t.Parallel()
	red := pngBytes(t, colourImage(2, 2, color.NRGBA{200, 100, 50, 128}))
	grey := pngBytes(t, greyImage(2, 2, 10, 10, 10, 10))
	fsys := fstest.MapFS{"a/0.png": {Data: grey}, "a/1.png": {Data: red}}
	set, err := ImageFolder(fsys, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if set.Shape() != (Shape{3, 2, 2}) {
		t.Fatalf("shape %v", set.Shape())
	}
	wantBytes(t, set, 0, bytes.Repeat([]byte{10}, 12))
	wantBytes(t, set, 1, slices.Concat(bytes.Repeat([]byte{200}, 4), bytes.Repeat([]byte{100}, 4), bytes.Repeat([]byte{50}, 4)))
	set, err = ImageFolder(fsys, Options{Channels: 1})
	if err != nil {
		t.Fatal(err)
	}
	wantBytes(t, set, 0, bytes.Repeat([]byte{10}, 4))
	if got, want := mustRead(t, set, 1)[0], 124.2/255; math.Abs(float64(got)-want) > 1e-6 {
		t.Errorf("grey of red %v, want %v", got, want)
	}
}

// Every kind of image in memory gives the same pixels as its At method.
func TestPlanesOfImageTypes(t *testing.T) {
	t.Parallel()
	rect := image.Rect(3, 2, 8, 6)
	ycbcr := image.NewYCbCr(rect, image.YCbCrSubsampleRatio420)
	copy(ycbcr.Y, ramp(len(ycbcr.Y), 40))
	copy(ycbcr.Cb, ramp(len(ycbcr.Cb), 90))
	copy(ycbcr.Cr, ramp(len(ycbcr.Cr), 150))
	nrgba, rgba, opaque := image.NewNRGBA(rect), image.NewRGBA(rect), image.NewRGBA(rect)
	grey, grey16 := image.NewGray(rect), image.NewGray16(rect)
	paletted := image.NewPaletted(rect, color.Palette{color.NRGBA{1, 2, 3, 255}, color.NRGBA{250, 9, 100, 255}})
	for i, p := 0, 0; i < rect.Dx()*rect.Dy(); i++ {
		x, y, v := rect.Min.X+i%rect.Dx(), rect.Min.Y+i/rect.Dx(), byte(7*i)
		nrgba.SetNRGBA(x, y, color.NRGBA{v, v + 9, v / 2, 77})
		rgba.SetRGBA(x, y, color.RGBA{v / 3, v / 4, v / 5, 100})
		opaque.SetRGBA(x, y, color.RGBA{v, v / 4, v / 5, 255})
		grey.SetGray(x, y, color.Gray{v})
		grey16.SetGray16(x, y, color.Gray16{uint16(v) * 257})
		paletted.SetColorIndex(x, y, uint8(p))
		p = 1 - p
	}
	for _, img := range []image.Image{ycbcr, nrgba, rgba, opaque, grey, grey16, paletted, grey.SubImage(image.Rect(4, 3, 7, 5))} {
		b := img.Bounds()
		n := b.Dx() * b.Dy()
		rgb, one := make([]float32, 3*n), make([]float32, n)
		planes(img, 3, rgb)
		planes(img, 1, one)
		for i := range n {
			c := color.NRGBAModel.Convert(img.At(b.Min.X+i%b.Dx(), b.Min.Y+i/b.Dx())).(color.NRGBA)
			want := []float32{unit[c.R], unit[c.G], unit[c.B]}
			for k, w := range want {
				if got := rgb[k*n+i]; math.Abs(float64(got-w)) > 1.0/255+1e-6 {
					t.Fatalf("%T: pixel %d, channel %d: %v, want %v", img, i, k, got*255, w*255)
				}
			}
			if got, want := one[i], luma(rgb[i], rgb[n+i], rgb[2*n+i]); got != want {
				t.Fatalf("%T: pixel %d: grey %v, want %v", img, i, got, want)
			}
		}
	}
}

func TestImageFormats(t *testing.T) {
	t.Parallel()
	flat := colourImage(16, 16, color.NRGBA{90, 160, 30, 255})
	var jpg, anim bytes.Buffer
	if err := jpeg.Encode(&jpg, flat, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	if err := gif.Encode(&anim, flat, nil); err != nil {
		t.Fatal(err)
	}
	bmp := append([]byte{
		'B', 'M', 66, 0, 0, 0, 0, 0, 0, 0, 54, 0, 0, 0, 40, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1, 0, 24, 0,
	}, make([]byte, 24)...)
	bmp = append(bmp, 30, 160, 90, 30, 160, 90, 0, 0)
	webp, err := base64.StdEncoding.DecodeString("UklGRh4AAABXRUJQVlA4TBEAAAAvAkAAAAdQ0GrVo/+BiOh/AAA=")
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{"x.webp": webp, "x.jpg": jpg.Bytes(), "x.jpeg": jpg.Bytes(), "x.gif": anim.Bytes(), "x.bmp": bmp} {
		set, err := ImageFolder(fstest.MapFS{name: {Data: content}}, Options{})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		x := mustRead(t, set, 0)
		for c, want := range []float32{90, 160, 30} {
			got := x[c*len(x)/3] * 255
			if tolerance := float32(30); got < want-tolerance || got > want+tolerance { // GIF has 216 web colours
				t.Errorf("%s: channel %d is %v, want about %v", name, c, got, want)
			}
		}
	}
}

func TestGIFFrameSmallerThanScreen(t *testing.T) {
	t.Parallel()
	frame := image.NewPaletted(image.Rect(1, 0, 2, 1), color.Palette{color.NRGBA{10, 20, 30, 255}})
	var content bytes.Buffer
	err := gif.EncodeAll(&content, &gif.GIF{Image: []*image.Paletted{frame}, Delay: []int{0}, Config: image.Config{Width: 3, Height: 1}})
	if err != nil {
		t.Fatal(err)
	}
	set, err := ImageFolder(fstest.MapFS{"x.gif": {Data: content.Bytes()}}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	wantBytes(t, set, 0, []byte{0, 10, 0, 0, 20, 0, 0, 30, 0})
}

func TestImageTooLarge(t *testing.T) {
	t.Parallel()
	content := pngBytes(t, greyImage(1, 1))
	copy(content[16:], []byte{0, 1, 0, 0, 0, 1, 0, 0}) // 65536×65536; the CRC is now wrong too
	set := &imageFolder{fsys: fstest.MapFS{"x.png": {Data: content}}, paths: []string{"x.png"}, shape: Shape{1, 1, 1}}
	if err := set.Read(0, make([]float32, 1)); err == nil {
		t.Error("an image of 4 gigapixels was read")
	}
	// A GIF has no checksum: its 13 bytes of header alone claim the size.
	set = &imageFolder{
		fsys:  fstest.MapFS{"x.gif": {Data: []byte("GIF89a\xff\xff\xff\xff\x00\x00\x00")}},
		paths: []string{"x.gif"}, shape: Shape{1, 1, 1},
	}
	wantError(t, set.Read(0, make([]float32, 1)), "x.gif", "65535×65535")
}
