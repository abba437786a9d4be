package fashion

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func read(t *testing.T, f func() (*Images, error)) *Images {
	t.Helper()
	images, err := f()
	if err != nil {
		t.Fatal(err)
	}
	return images
}

func TestImages(t *testing.T) {
	t.Parallel()
	for _, part := range []struct {
		name     string
		read     func() (*Images, error)
		perClass int
		digest   string
	}{
		{"train", Train, 600, "052c5b9efa111323f8eccf2c62b2de9933023c31195b7c6037a0cb7885f0d3dd"},
		{"test", Test, 100, "04c8d967fe6fc5d3557feb2197c9c0c5bd7b869abbb4d81884442dd654e57ff0"},
	} {
		images := read(t, part.read)
		n := part.perClass * len(Classes)
		if len(images.Labels) != n || len(images.Indices) != n || len(images.Pixels) != n*Side*Side {
			t.Fatalf("%s: %d labels, %d indices, %d pixels; want %d images",
				part.name, len(images.Labels), len(images.Indices), len(images.Pixels), n)
		}
		if !slices.IsSorted(images.Indices) || len(slices.Compact(slices.Clone(images.Indices))) != n {
			t.Errorf("%s: the indices are not ascending", part.name)
		}
		count := make([]int, len(Classes))
		for _, l := range images.Labels {
			count[l]++
		}
		for c, k := range count {
			if k != part.perClass {
				t.Errorf("%s: %d images of %s, want %d", part.name, k, Classes[c], part.perClass)
			}
		}
		h := sha256.New()
		h.Write(images.Pixels)
		h.Write(images.Labels)
		if got := hex.EncodeToString(h.Sum(nil)); got != part.digest {
			t.Errorf("%s: digest of pixels and labels %s, want %s", part.name, got, part.digest)
		}
	}
}

func TestImagesAreDebians(t *testing.T) {
	t.Parallel()
	const folder = "/usr/share/datasets/fashion-mnist"
	if _, err := os.Stat(folder); err != nil {
		t.Skip("Debian's package dataset-fashion-mnist is not installed")
	}
	for _, part := range []struct {
		stem string
		read func() (*Images, error)
	}{{"train", Train}, {"t10k", Test}} {
		images := read(t, part.read)
		pixels := unpack(t, filepath.Join(folder, part.stem+"-images-idx3-ubyte.gz"))[16:]
		labels := unpack(t, filepath.Join(folder, part.stem+"-labels-idx1-ubyte.gz"))[8:]
		const size = Side * Side
		for k, i := range images.Indices {
			if images.Labels[k] != labels[i] || !bytes.Equal(images.Pixels[k*size:(k+1)*size], pixels[i*size:(i+1)*size]) {
				t.Fatalf("%s: image %d is not number %d of the full set", part.stem, k, i)
			}
		}
	}
}

func unpack(t *testing.T, path string) []byte {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func BenchmarkDecode(b *testing.B) {
	for b.Loop() {
		if _, err := decode(trainPNG, trainCSV); err != nil {
			b.Fatal(err)
		}
	}
}
