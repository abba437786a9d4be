package pixel

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// pilResults is testdata/pil.json, written by testdata/pil.py.
type pilResults struct {
	Resized []struct {
		Filter   string
		C        int
		From, To [2]int // height and width
		Pixels   []byte
	}
	Files []struct {
		Name            string
		Content, Pixels []byte
		Size            [2]int
	}
}

func readPIL(t testing.TB) (r pilResults) {
	t.Helper()
	b, err := os.ReadFile("testdata/pil.json")
	if err == nil {
		err = json.Unmarshal(b, &r)
	}
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestAsPIL(t *testing.T) {
	t.Parallel()
	r := readPIL(t)
	t.Run("resize", func(t *testing.T) { checkResized(t, r) })
	t.Run("decode", func(t *testing.T) { checkDecoded(t, r) })
}

// What is checked in is what PIL makes here, too.
func TestAsPILHere(t *testing.T) {
	t.Parallel()
	var r pilResults
	if err := json.Unmarshal(runPIL(t), &r); err != nil {
		t.Fatal(err)
	}
	checkResized(t, r)
	checkDecoded(t, r)
}

// Photos as ImageNet's models take them are PIL's to the last bit.
func TestPhotosAsPIL(t *testing.T) {
	t.Parallel()
	const count = 400
	for _, archive := range []string{"cifar10-jpeg/cifar10-jpeg.tar.gz", "tiny-imagenet-20/tiny-imagenet-20.tar.gz"} {
		t.Run(path.Base(archive), func(t *testing.T) {
			t.Parallel()
			file := filepath.Join("../../../shared/data", archive)
			want := runPIL(t, file, strconv.Itoa(count))
			for i, content := range firstJPEGs(t, file, count) {
				got, _ := decodeRGB(t, content, Geometry{Size: [2]int{256}, Crop: [2]int{224, 224}})
				if !bytes.Equal(got, want[i*len(got):(i+1)*len(got)]) {
					t.Errorf("photo %d of %d is not PIL's", i, count)
				}
			}
		})
	}
}

// firstJPEGs are the first of a compressed archive.
func firstJPEGs(t *testing.T, file string, count int) [][]byte {
	t.Helper()
	f, err := os.Open(file)
	if errors.Is(err, os.ErrNotExist) {
		t.Skipf("there is no %s", file)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var out [][]byte
	for archive := tar.NewReader(z); len(out) < count; {
		h, err := archive.Next()
		if err != nil {
			t.Fatal(err)
		}
		if ext := strings.ToLower(path.Ext(h.Name)); h.Typeflag != tar.TypeReg || ext != ".jpg" && ext != ".jpeg" {
			continue
		}
		content, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, content)
	}
	return out
}

// runPIL is what testdata/pil.py prints.
func runPIL(t *testing.T, args ...string) []byte {
	t.Helper()
	for _, python := range []string{"python3", "/usr/bin/python3"} {
		if exec.Command(python, "-c", "import PIL").Run() != nil {
			continue
		}
		out, err := exec.Command(python, append([]string{"testdata/pil.py"}, args...)...).Output()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	t.Skip("no python3 with the package PIL (Debian: python3-pil)")
	return nil
}

// checkResized wants images resized as by PIL, to the last bit.
func checkResized(t *testing.T, r pilResults) {
	t.Helper()
	for _, c := range r.Resized {
		next := noise()
		src := raster{c: c.C, h: c.From[0], w: c.From[1]}
		for _, v := range next(src.size()) {
			src.pix = append(src.pix, uint8(v))
		}
		p, err := Geometry{Size: c.To}.Place(src.h, src.w)
		if err != nil {
			t.Fatal(err)
		}
		got := make([]uint8, len(c.Pixels))
		resize(src, src.h, src.w, p, c.Filter == "bicubic", got, new(Scratch))
		for i, want := range c.Pixels {
			if got[i] != want {
				t.Errorf("%s, %d×%v to %v: value %d is %d, PIL has %d", c.Filter, c.C, c.From, c.To, i, got[i], want)
				break
			}
		}
	}
}

// checkDecoded wants images decoded as by PIL: exactly, but for the rounding of
// the inverse transform in lossy formats other than baseline JPEG.
func checkDecoded(t *testing.T, r pilResults) {
	t.Helper()
	tolerance := map[string]int{"progressive.jpg": 2, "cmyk.jpg": 2, "ycck.jpg": 2, "lossy.webp": 3}
	for _, c := range r.Files {
		got, shape := decodeRGB(t, c.Content, Geometry{})
		if shape != (Shape{3, c.Size[0], c.Size[1]}) {
			t.Errorf("%s: %v, PIL has %v", c.Name, shape, c.Size)
			continue
		}
		worst, at := 0, 0
		for i, want := range c.Pixels {
			d := int(got[i]) - int(want)
			d = max(d, -d)
			if d > worst {
				worst, at = d, i
			}
		}
		if worst > tolerance[c.Name] {
			t.Errorf("%s: value %d is %d, PIL has %d", c.Name, at, got[at], c.Pixels[at])
		}
	}
}
