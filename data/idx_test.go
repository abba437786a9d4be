package data

import (
	"bytes"
	"path/filepath"
	"testing"
)

func TestIDX(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	train, labels := idxBytes(ramp(30, 7), 5, 2, 3), idxBytes([]byte{4, 0, 1, 2, 3}, 5)
	put(t, dir, "plain/train-images-idx3-ubyte", train)
	put(t, dir, "plain/train-labels-idx1-ubyte", labels)
	put(t, dir, "plain/t10k-images-idx3-ubyte", idxBytes(ramp(6, 0), 1, 2, 3))
	put(t, dir, "packed/train-images-idx3-ubyte.gz", gzipped(t, train))
	put(t, dir, "packed/train-labels-idx1-ubyte.gz", gzipped(t, labels))
	for _, spec := range []string{"plain", "plain:train", "packed", "packed/train-images-idx3-ubyte.gz"} {
		set := mustOpen(t, filepath.Join(dir, spec), Options{})
		if set.Len() != 5 || !set.Shape().Equal(Shape{1, 2, 3}) || set.Label(0) != 4 || set.ID(3) != "train/3" {
			t.Errorf("%s: %d samples of %v, label %d, ID %s", spec, set.Len(), set.Shape(), set.Label(0), set.ID(3))
		}
		wantBytes(t, set, 4, ramp(6, 31))
	}
	test := mustOpen(t, filepath.Join(dir, "plain:test"), Options{})
	if test.Len() != 1 || test.Label(0) != -1 || test.ID(0) != "test/0" {
		t.Errorf("test: %d samples, label %d, ID %s", test.Len(), test.Label(0), test.ID(0))
	}
}

// A file that shrinks after it was opened is an error that names it.
func TestReadTruncatedLater(t *testing.T) {
	t.Parallel()
	set := &byteSet{name: "shrunk", shape: Shape{1, 2, 2}, count: 2, stride: 4, r: bytes.NewReader(ramp(7, 0))}
	wantBytes(t, set, 0, ramp(4, 0))
	wantError(t, set.Read(1, make([]float32, 4)), "sample 1 of shrunk", "truncated")
	wantError(t, set.Read(0, make([]float32, 3)), "into 3 values, want 4")
}

func FuzzIDX(f *testing.F) {
	f.Add(idxBytes(ramp(12, 0), 3, 2, 2))
	f.Add(idxBytes(ramp(3, 0), 3))
	f.Add(gzipped(f, idxBytes(ramp(12, 0), 3, 2, 2)))
	f.Add([]byte{0, 0, 8, 255, 0})
	f.Fuzz(func(t *testing.T, content []byte) {
		idx, err := parseIDX(bytes.NewReader(content))
		if err != nil {
			return
		}
		set, err := newIDXSet(idx, "fuzz-images")
		if err != nil {
			return
		}
		mustRead(t, set, 0)
		mustRead(t, set, set.Len()-1)
	})
}
