package data

import (
	"bytes"
	"encoding/base64"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/prunefuse/prunefuse/internal/pixel"
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
	if !slices.Equal(set.Classes(), []string{"ant", "zebra"}) || !set.Shape().Equal(Shape{1, 1, 2}) {
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

// Images beside folders of images are read as a pool without labels.
func TestMixedFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put(t, dir, "b/1.png", pngBytes(t, greyImage(1, 1, 8)))
	put(t, dir, "c.png", pngBytes(t, greyImage(1, 1, 7)))
	set := mustOpen(t, dir, Options{})
	if set.Len() != 2 || set.ID(0) != "b/1.png" || set.ID(1) != "c.png" || set.Label(0) != -1 || set.Classes() != nil {
		t.Errorf("%d samples, first %s, label %d, classes %v", set.Len(), set.ID(0), set.Label(0), set.Classes())
	}
}

// With a shape that is expected, images of another fail one by one, unless all
// do.
func TestExpectedShape(t *testing.T) {
	t.Parallel()
	fsys := fstest.MapFS{
		"a.png": {Data: pngBytes(t, greyImage(3, 2))},
		"b.png": {Data: pngBytes(t, greyImage(2, 2))},
		"c.png": {},
	}
	set, err := ImageFolder(fsys, Options{Color: "grey", Expect: Shape{1, 2, 2}})
	if err != nil {
		t.Fatal(err)
	}
	mustRead(t, set, 1)
	wantError(t, set.Read(0, make([]float32, 4)), "a.png", "2×3 where 2×2", "give a size")
	wantError(t, set.Read(2, make([]float32, 4)), "c.png", "the file is empty")
	_, err = ImageFolder(fsys, Options{Color: "grey", Expect: Shape{1, 5, 5}})
	wantError(t, err, "2×3", "5×5", "give a size")
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
	if set := mustOpen(t, filepath.Join(dir, "set"), Options{}); set.Len() != 3 {
		t.Errorf("%d samples with a link that leads back", set.Len())
	}
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
	for name, opts := range map[string]Options{"as stored": {}, "resized": {Size: [2]int{2, 2}, Color: "grey"}} {
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
	if !set.Shape().Equal(Shape{3, 2, 2}) {
		t.Fatalf("shape %v", set.Shape())
	}
	wantBytes(t, set, 0, bytes.Repeat([]byte{10}, 12))
	wantBytes(t, set, 1, slices.Concat(bytes.Repeat([]byte{200}, 4), bytes.Repeat([]byte{100}, 4), bytes.Repeat([]byte{50}, 4)))
	set, err = ImageFolder(fsys, Options{Color: "grey"})
	if err != nil {
		t.Fatal(err)
	}
	wantBytes(t, set, 0, bytes.Repeat([]byte{10}, 4))
	wantBytes(t, set, 1, bytes.Repeat([]byte{124}, 4))
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

// Beside its first frame a GIF has the first colour of its palette, as PIL has it.
func TestGIFFrameSmallerThanScreen(t *testing.T) {
	t.Parallel()
	frame := image.NewPaletted(image.Rect(1, 0, 2, 1), color.Palette{color.NRGBA{10, 20, 30, 255}, color.NRGBA{40, 50, 60, 255}})
	frame.Pix[0] = 1
	var content bytes.Buffer
	err := gif.EncodeAll(&content, &gif.GIF{Image: []*image.Paletted{frame}, Delay: []int{0}, Config: image.Config{Width: 3, Height: 1}})
	if err != nil {
		t.Fatal(err)
	}
	set, err := ImageFolder(fstest.MapFS{"x.gif": {Data: content.Bytes()}}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	wantBytes(t, set, 0, []byte{10, 40, 10, 20, 50, 20, 30, 60, 30})
}

func TestImageTooLarge(t *testing.T) {
	t.Parallel()
	content := pngBytes(t, greyImage(1, 1))
	copy(content[16:], []byte{0, 1, 0, 0, 0, 1, 0, 0}) // 65536×65536; the CRC is now wrong too
	for name, content := range map[string][]byte{
		"x.png": content,
		// A GIF has no checksum: its 13 bytes of header alone claim the size.
		"x.gif": []byte("GIF89a\xff\xff\xff\xff\x00\x00\x00"),
	} {
		set, err := ImageFolder(fstest.MapFS{name: {Data: content}}, Options{Size: [2]int{1, 1}, Color: "grey"})
		if err != nil {
			t.Fatal(err)
		}
		wantError(t, set.Read(0, make([]float32, 1)), name)
	}
	_, err := pixel.Look([]byte("GIF89a\xff\xff\xff\xff\x00\x00\x00"))
	wantError(t, err, "65535×65535")
}
