package main

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"github.com/prunefuse/prunefuse/data"
)

// noise is an .npy file of images of side by side bytes, as many as take 64 MB.
func (o *options) noise(side int) (string, error) {
	path := filepath.Join(o.scratch, fmt.Sprintf("noise%d.npy", side))
	n := max(64, 64_000_000/(3*side*side))
	values := make([]uint8, n*3*side*side)
	rng := rand.NewPCG(1, uint64(side))
	for i := 0; i+8 <= len(values); i += 8 {
		for k, bits := 0, rng.Uint64(); k < 8; k, bits = k+1, bits>>8 {
			values[i+k] = uint8(bits)
		}
	}
	return path, data.WriteNPY(path, []int{n, 3, side, side}, values)
}

// sparse is an .npy file of n images of zeros that takes no place on the disk.
func (o *options) sparse(n, side int) (path string, err error) {
	path = filepath.Join(o.scratch, fmt.Sprintf("sparse%d.npy", n))
	f, err := os.Create(path)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := data.EncodeNPYHeader[uint8](f, []int{n, 3, side, side}); err != nil {
		return "", err
	}
	head, err := f.Seek(0, io.SeekCurrent)
	if err != nil {
		return "", err
	}
	return path, f.Truncate(head + int64(n)*int64(3*side*side))
}

func cifarFolder(o *options) (string, error) {
	return o.unpacked("cifar10-jpeg", "cifar10-jpeg.tar.gz", "train")
}

func tinyImageNet(o *options) (string, error) {
	return o.unpacked("tiny-imagenet-20", "tiny-imagenet-20.tar.gz", "tiny-imagenet-20/train")
}

// unpacked is a folder of images out of an archive among the data sets.
func (o *options) unpacked(set, archive, folder string) (string, error) {
	path := filepath.Join(o.data, set, archive)
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("%w: there is no %s", errAbsent, path)
	}
	if err != nil {
		return "", err
	}
	defer f.Close()
	dir := filepath.Join(o.scratch, set)
	if err := unpack(f, dir); err != nil {
		return "", fmt.Errorf("unpack %s: %w", path, err)
	}
	return filepath.Join(dir, filepath.FromSlash(folder)), nil
}

func unpack(r io.Reader, dir string) error {
	z, err := gzip.NewReader(r)
	if err != nil {
		return err
	}
	for t := tar.NewReader(z); ; {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		name := strings.ToLower(h.Name)
		if h.Typeflag != tar.TypeReg || !strings.HasSuffix(name, ".jpg") && !strings.HasSuffix(name, ".jpeg") || !filepath.IsLocal(h.Name) {
			continue
		}
		content, err := io.ReadAll(t)
		if err != nil {
			return err
		}
		path := filepath.Join(dir, filepath.FromSlash(h.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			return err
		}
		if err := os.WriteFile(path, content, 0o666); err != nil {
			return err
		}
	}
}

// photoFolder makes pictures of 500×375 with the detail that photos have: noise
// whose octaves fade, which at quality 90 takes some 100 KB.
func photoFolder(o *options) (string, error) {
	dir := filepath.Join(o.scratch, "photos")
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return "", err
	}
	return dir, together(o.threads, func(worker int) error {
		for i := worker; i < o.photos; i += o.threads {
			if err := writePhoto(filepath.Join(dir, fmt.Sprintf("%05d.jpg", i)), uint64(i)); err != nil {
				return err
			}
		}
		return nil
	})
}

func writePhoto(path string, seed uint64) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	const w, h = 500, 375
	var channels [3][]float64
	for c := range channels {
		channels[c] = octaves(rand.New(rand.NewPCG(seed, uint64(c))), w, h)
	}
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			at := func(c int) uint8 { return uint8(min(255, max(0, 128+100*channels[c][y*w+x]))) }
			img.SetRGBA(x, y, color.RGBA{at(0), at(1), at(2), 255})
		}
	}
	return jpeg.Encode(f, img, &jpeg.Options{Quality: 90})
}

// octaves sums grids of noise, each twice as fine and half as strong as the one
// before it.
func octaves(rng *rand.Rand, w, h int) []float64 {
	out := make([]float64, w*h)
	strength := 0.6
	for cell := 128; cell >= 1; cell /= 2 {
		across := w/cell + 2
		grid := make([]float64, across*(h/cell+2))
		for i := range grid {
			grid[i] = strength * rng.NormFloat64()
		}
		for y := range h {
			gy, fy := y/cell, math.Mod(float64(y), float64(cell))/float64(cell)
			for x := range w {
				gx, fx := x/cell, math.Mod(float64(x), float64(cell))/float64(cell)
				top := grid[gy*across+gx]*(1-fx) + grid[gy*across+gx+1]*fx
				low := grid[(gy+1)*across+gx]*(1-fx) + grid[(gy+1)*across+gx+1]*fx
				out[y*w+x] += top*(1-fy) + low*fy
			}
		}
		strength *= 0.6
	}
	return out
}
