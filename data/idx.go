package data

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// The idx format (yann.lecun.com/exdb/mnist): two zero bytes, a type code, the
// number of dimensions, each dimension as a big-endian uint32, then the values.
const idxUbyte = 0x08

var errTruncated = errors.New("the file is truncated")

// openIDX reads MNIST-style images from an idx file of three dimensions (N×H×W,
// unsigned bytes), plain or gzipped. The labels are read from the file beside it
// whose name has "labels" for "images" and "idx1" for "idx3"; without that file
// the samples have no labels.
func openIDX(path string) (Set, error) {
	images, err := openIDXFile(path)
	if err != nil {
		return nil, err
	}
	set, err := newIDXSet(images, path)
	if err != nil {
		images.Close()
		return nil, err
	}
	labelPath, ok := idxLabelsBeside(path)
	if !ok {
		return set, nil
	}
	if set.labels, err = readIDXLabels(labelPath); err != nil {
		err = fmt.Errorf("labels %s: %w", filepath.Base(labelPath), bare(err, labelPath))
	} else if len(set.labels) != set.count {
		err = fmt.Errorf("%s has %d labels for %d images", filepath.Base(labelPath), len(set.labels), set.count)
	}
	if err != nil {
		images.Close()
		return nil, err
	}
	return set, nil
}

func newIDXSet(images *idxFile, path string) (*byteSet, error) {
	if len(images.dims) != 3 {
		return nil, fmt.Errorf("idx data of %d dimensions; images have 3 (N×H×W)", len(images.dims))
	}
	shape := Shape{1, images.dims[1], images.dims[2]}
	if images.dims[0] == 0 || shape.Size() == 0 {
		return nil, errors.New("it holds no images")
	}
	return &byteSet{
		name: path, shape: shape, count: images.dims[0], prefix: idxSplit(path) + "/",
		r: images.data, first: images.first, stride: int64(shape.Size()), closer: images,
	}, nil
}

// idxFile is an opened idx file of unsigned bytes whose length fits its header.
type idxFile struct {
	dims  []int
	data  io.ReaderAt
	first int64 // offset of the values in data
	file  *os.File
}

func (f *idxFile) Close() error {
	if f.file == nil {
		return nil
	}
	return f.file.Close()
}

func openIDXFile(path string) (*idxFile, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	idx, err := parseIDX(f)
	if err != nil || idx.data != io.ReaderAt(f) {
		f.Close()
		return idx, err
	}
	idx.file = f
	return idx, nil
}

// parseIDX reads the header at the start of r. A gzipped r is unpacked to
// memory; a plain one is left where it is.
func parseIDX(r io.ReadSeeker) (*idxFile, error) {
	var magic [2]byte
	if _, err := io.ReadFull(r, magic[:]); err != nil {
		return nil, truncated(err)
	}
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	if magic == [2]byte{0x1f, 0x8b} {
		return unpackIDX(r)
	}
	dims, err := idxHeader(r)
	if err != nil {
		return nil, err
	}
	end, err := r.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, err
	}
	first := int64(4 + 4*len(dims))
	want, err := product(dims)
	if err != nil {
		return nil, err
	}
	if err := checkLength(end-first, want); err != nil {
		return nil, err
	}
	at, ok := r.(io.ReaderAt)
	if !ok {
		return nil, errors.New("the file cannot be read at an offset")
	}
	return &idxFile{dims: dims, data: at, first: first}, nil
}

func unpackIDX(r io.Reader) (*idxFile, error) {
	z, err := gzip.NewReader(r)
	if err != nil {
		return nil, fmt.Errorf("unpack gzip: %w", truncated(err))
	}
	dims, err := idxHeader(z)
	if err != nil {
		return nil, err
	}
	want, err := product(dims)
	if err != nil {
		return nil, err
	}
	var values bytes.Buffer // grows with what is there, whatever the header claims
	if _, err := io.Copy(&values, io.LimitReader(z, want+1)); err != nil {
		return nil, fmt.Errorf("unpack gzip: %w", truncated(err))
	}
	if err := checkLength(int64(values.Len()), want); err != nil {
		return nil, err
	}
	return &idxFile{dims: dims, data: bytes.NewReader(values.Bytes())}, nil
}

func idxHeader(r io.Reader) ([]int, error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, truncated(err)
	}
	if head[0] != 0 || head[1] != 0 || head[2] != idxUbyte || head[3] == 0 {
		return nil, fmt.Errorf("wrong magic number %#08x: not an idx file of unsigned bytes", binary.BigEndian.Uint32(head[:]))
	}
	dims := make([]int, head[3])
	for i := range dims {
		var d [4]byte
		if _, err := io.ReadFull(r, d[:]); err != nil {
			return nil, truncated(err)
		}
		dims[i] = int(binary.BigEndian.Uint32(d[:]))
	}
	return dims, nil
}

// product multiplies dimensions and refuses what no file can hold.
func product(dims []int) (int64, error) {
	n := int64(1)
	for _, d := range dims {
		if d < 0 || d != 0 && n > (1<<48)/int64(d) {
			return 0, fmt.Errorf("the header claims dimensions of %v", dims)
		}
		n *= int64(d)
	}
	return n, nil
}

func checkLength(have, want int64) error {
	switch {
	case have < want:
		return fmt.Errorf("%w: its header promises %d bytes of values, it has %d", errTruncated, want, have)
	case have > want:
		return fmt.Errorf("the file is longer than the %d bytes of values its header promises", want)
	}
	return nil
}

func readIDXLabels(path string) ([]uint8, error) {
	f, err := openIDXFile(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if len(f.dims) != 1 {
		return nil, fmt.Errorf("idx data of %d dimensions; labels have 1", len(f.dims))
	}
	labels := make([]uint8, f.dims[0])
	return labels, readAt(f.data, labels, f.first)
}

// idxLabelsBeside returns the existing label file that belongs to an image file.
func idxLabelsBeside(path string) (string, bool) {
	dir, base := filepath.Split(path)
	if !strings.Contains(base, "images") {
		return "", false
	}
	base = strings.NewReplacer("images", "labels", "idx3", "idx1").Replace(strings.TrimSuffix(base, ".gz"))
	return firstFile(dir, base, base+".gz")
}

// idxInFolder finds the MNIST-style image file of the split that is asked for.
func idxInFolder(dir string, opts Options) (string, bool) {
	paths, there := map[string]string{}, map[string]bool{}
	for split, stem := range map[string]string{"train": "train", "test": "t10k"} {
		paths[split], there[split] = firstFile(dir,
			stem+"-images-idx3-ubyte", stem+"-images-idx3-ubyte.gz",
			stem+"-images.idx3-ubyte", stem+"-images.idx3-ubyte.gz")
	}
	split := chooseSplit(opts, there)
	return paths[split], split != ""
}

// idxSplit is the part of an image file's name that its IDs begin with.
func idxSplit(path string) string {
	stem, _, _ := strings.Cut(filepath.Base(path), "-images")
	if stem == "t10k" {
		return "test"
	}
	return strings.TrimSuffix(stem, ".gz")
}

func firstFile(dir string, names ...string) (string, bool) {
	for _, name := range names {
		path := filepath.Join(dir, name)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return path, true
		}
	}
	return "", false
}
