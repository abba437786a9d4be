package data

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// put writes a file below dir and returns its path.
func put(t testing.TB, dir, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func gzipped(t testing.TB, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func idxBytes(values []byte, dims ...int) []byte {
	out := []byte{0, 0, idxUbyte, byte(len(dims))}
	for _, d := range dims {
		out = binary.BigEndian.AppendUint32(out, uint32(d))
	}
	return append(out, values...)
}

// ramp returns n bytes that tell their position.
func ramp(n, from int) []byte {
	out := make([]byte, n)
	for i := range out {
		out[i] = byte(i + from)
	}
	return out
}

func pngBytes(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func greyImage(w, h int, pix ...byte) *image.Gray {
	img := image.NewGray(image.Rect(0, 0, w, h))
	copy(img.Pix, pix)
	return img
}

func colourImage(w, h int, c color.NRGBA) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for i := 0; i < len(img.Pix); i += 4 {
		img.Pix[i], img.Pix[i+1], img.Pix[i+2], img.Pix[i+3] = c.R, c.G, c.B, c.A
	}
	return img
}

func mustOpen(t testing.TB, spec string, opts Options) Set {
	t.Helper()
	set, err := Open(spec, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = Close(set) })
	return set
}

func mustRead(t testing.TB, s Set, i int) []float32 {
	t.Helper()
	dst := make([]float32, s.Shape().Size())
	if err := s.Read(i, dst); err != nil {
		t.Fatal(err)
	}
	return dst
}

// wantBytes compares sample i of a set of 8-bit pixels with bytes.
func wantBytes(t testing.TB, s Set, i int, want []byte) {
	t.Helper()
	got := mustRead(t, s, i)
	if len(got) != len(want) {
		t.Fatalf("sample %d has %d values, want %d", i, len(got), len(want))
	}
	for k, v := range got {
		if v != float32(want[k])/255 {
			t.Fatalf("sample %d, value %d: %v, want %v/255", i, k, v*255, want[k])
		}
	}
}

// wantError fails unless err has every part in one line.
func wantError(t testing.TB, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want one with %q", parts)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q lacks %q", err, part)
		}
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("error %q is not one line", err)
	}
}

func TestOpenErrors(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	png1 := pngBytes(t, greyImage(3, 2))
	put(t, dir, "mixed/a/1.png", png1)
	put(t, dir, "mixed/a/2.png", pngBytes(t, greyImage(2, 2)))
	put(t, dir, "broken/a/1.png", []byte("not a png"))
	put(t, dir, "good/a/1.png", png1)
	if err := os.Mkdir(filepath.Join(dir, "none"), 0o755); err != nil {
		t.Fatal(err)
	}
	images := idxBytes(ramp(12, 0), 3, 2, 2)
	put(t, dir, "count/train-images-idx3-ubyte", images)
	put(t, dir, "count/train-labels-idx1-ubyte", idxBytes(ramp(2, 0), 2))
	put(t, dir, "badlabels/train-images-idx3-ubyte", images)
	put(t, dir, "badlabels/train-labels-idx1-ubyte", []byte("junk junk"))
	put(t, dir, "one-idx1-ubyte", idxBytes(ramp(3, 0), 3))
	put(t, dir, "short-images-idx3-ubyte", images[:20])
	put(t, dir, "long-images-idx3-ubyte", append(bytes.Clone(images), 1))
	put(t, dir, "stub-images-idx3-ubyte", images[:7])
	put(t, dir, "huge-images-idx3-ubyte.gz", gzipped(t, idxBytes(nil, 1<<31, 1<<15, 1<<15)))
	put(t, dir, "cut.gz", gzipped(t, images)[:20])
	put(t, dir, "text.gz", gzipped(t, []byte("hello world, hello")))
	put(t, dir, "zero-images-idx3-ubyte", idxBytes(nil, 0, 28, 28))
	put(t, dir, "empty", nil)
	put(t, dir, "notes.md", []byte("these are no images"))
	put(t, dir, "a.png", png1)
	put(t, dir, "x.npz", []byte("PK\x03\x04rest"))
	put(t, dir, "x.npy", []byte("\x94NUMPY"))
	put(t, dir, "x.bin", ramp(3073, 11))
	put(t, dir, "y.bin", ramp(3000, 0))
	put(t, dir, "coarse.bin", append([]byte{20, 5}, ramp(3072, 0)...))

	for _, c := range []struct {
		spec string
		opts Options
		want []string
	}{
		{"", Options{}, []string{"empty"}},
		{"missing", Options{}, []string{"missing", "no such file"}},
		{"empty", Options{}, []string{"the file is empty"}},
		{"none", Options{}, []string{"holds no images"}},
		{"notes.md", Options{}, []string{"not an idx"}},
		{"a.png", Options{}, []string{"single image"}},
		{"x.npz", Options{}, []string{"cut short"}},
		{"x.npy", Options{}, []string{".npy"}},
		{"x.bin", Options{}, []string{"label 11 of sample 0 out of range"}},
		{"y.bin", Options{}, []string{"3000 bytes", "truncated"}},
		{"coarse.bin", Options{}, []string{"labels 20, 5 of sample 0 out of range"}},
		{"mixed", Options{}, []string{"a/1.png is 2×3", "a/2.png is 2×2", "give a size"}},
		{"broken", Options{}, []string{"none of its 1 images can be read"}},
		{"good", Options{Color: "cmyk"}, []string{`color "cmyk"`}},
		{"good", Options{Size: [2]int{0, 4}}, []string{"size 0×4"}},
		{"good", Options{Layout: "hwc"}, []string{`layout "hwc"`}},
		{"good", Options{Split: "dev"}, []string{`split "dev"`}},
		{"good:test", Options{Split: "train"}, []string{"test", "train"}},
		{"good:test", Options{}, []string{"no split test"}},
		{"one-idx1-ubyte:test", Options{}, []string{"a single file has no split test"}},
		{"good", Options{Labels: "one-idx1-ubyte"}, []string{"one-idx1-ubyte", "3 labels for 1 samples"}},
		{"good", Options{Labels: "missing"}, []string{"missing", "no such file"}},
		{"count", Options{}, []string{"2 labels for 3 images"}},
		{"badlabels", Options{}, []string{"labels", "wrong magic number 0x6a756e6b"}},
		{"one-idx1-ubyte", Options{}, []string{"1 dimensions"}},
		{"short-images-idx3-ubyte", Options{}, []string{"truncated", "12 bytes", "it has 4"}},
		{"long-images-idx3-ubyte", Options{}, []string{"longer"}},
		{"stub-images-idx3-ubyte", Options{}, []string{"truncated"}},
		{"huge-images-idx3-ubyte.gz", Options{}, []string{"claims dimensions"}},
		{"cut.gz", Options{}, []string{"truncated"}},
		{"text.gz", Options{}, []string{"wrong magic number"}},
		{"zero-images-idx3-ubyte", Options{}, []string{"holds no images"}},
		{"demo:val", Options{}, []string{"no split val"}},
	} {
		spec := c.spec
		if spec != "" && !strings.HasPrefix(spec, "demo") {
			spec = filepath.Join(dir, spec)
		}
		if l := c.opts.Labels; l != "" {
			c.opts.Labels = filepath.Join(dir, l)
		}
		set, err := Open(spec, c.opts)
		if err == nil {
			t.Errorf("%s opened: %d samples of %v", c.spec, set.Len(), set.Shape())
			continue
		}
		t.Run(c.spec, func(t *testing.T) { wantError(t, err, append(c.want, "open data "+spec)...) })
	}
}

func TestDemo(t *testing.T) {
	t.Parallel()
	train, test := mustOpen(t, "demo", Options{}), mustOpen(t, "demo:test", Options{})
	if train.Len() != 6000 || test.Len() != 1000 || !train.Shape().Equal(Shape{1, 28, 28}) || len(train.Classes()) != 10 {
		t.Errorf("%d and %d samples of %v in %d classes", train.Len(), test.Len(), train.Shape(), len(train.Classes()))
	}
	if !strings.HasPrefix(train.ID(0), "train/") || !strings.HasPrefix(test.ID(0), "test/") {
		t.Errorf("IDs %s, %s", train.ID(0), test.ID(0))
	}
	if err := CheckLabels(train, 10); err != nil {
		t.Error(err)
	}
	wantError(t, CheckLabels(train, 9), "label 9", "there are 9 classes")
}

// The built-in part and the full set agree on the images of an ID.
func TestDemoIsPartOfFashionMNIST(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat(fashionFolder); err != nil {
		_, err := Open("fashion-mnist", Options{})
		wantError(t, err, "apt install dataset-fashion-mnist", "demo")
		t.Skip("Debian's package dataset-fashion-mnist is not installed")
	}
	full, demo := mustOpen(t, "fashion-mnist:test", Options{}), mustOpen(t, "demo", Options{Split: "test"})
	if full.Len() != 10000 || len(full.Classes()) != 10 {
		t.Fatalf("%d samples, %d classes", full.Len(), len(full.Classes()))
	}
	at := map[string]int{}
	for i := range full.Len() {
		at[full.ID(i)] = i
	}
	for i := 0; i < demo.Len(); i += 97 {
		k, ok := at[demo.ID(i)]
		if !ok || full.Label(k) != demo.Label(i) {
			t.Fatalf("sample %s: in the full set %v", demo.ID(i), ok)
		}
		a, b := mustRead(t, demo, i), mustRead(t, full, k)
		for p := range a {
			if a[p] != b[p] {
				t.Fatalf("sample %s differs at pixel %d", demo.ID(i), p)
			}
		}
	}
}

// A path wins over a name when it is written as one, and a file that really ends
// in ":test" is that file.
func TestSpecs(t *testing.T) {
	t.Chdir(t.TempDir())
	put(t, ".", "demo/a.png", pngBytes(t, greyImage(2, 2)))
	put(t, ".", "odd:test/a.png", pngBytes(t, greyImage(2, 2)))
	for spec, want := range map[string]int{"./demo": 1, "odd:test": 1, "demo": 6000} {
		if set := mustOpen(t, spec, Options{}); set.Len() != want {
			t.Errorf("%s: %d samples, want %d", spec, set.Len(), want)
		}
	}
}
