package data

import (
	"archive/zip"
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

type npzMember struct {
	name    string
	content []byte
}

func npzBytes(t testing.TB, method uint16, members ...npzMember) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, m := range members {
		f, err := w.CreateHeader(&zip.FileHeader{Name: m.name, Method: method})
		if err == nil {
			_, err = f.Write(m.content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestNPZ(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	dir := t.TempDir()
	pixels := func(from, n int) []byte { return encode(t, []int{n, 1, 1}, ramp(n, from)) }
	labels := func(v ...int64) []byte { return encode(t, []int{len(v), 1}, v) }
	for method, kind := range map[uint16]string{zip.Store: "stored", zip.Deflate: "packed"} {
		keras := put(t, dir, kind+"/mnist.npz", npzBytes(t, method, npzMember{"x_test.npy", pixels(50, 2)},
			npzMember{"x_train.npy", pixels(10, 3)}, npzMember{"y_train.npy", labels(4, 5, 6)}, npzMember{"y_test.npy", labels(8, 9)}))
		set := mustOpen(t, keras, Options{})
		wantSamples(t, set, nil, wantSample{"mnist/x_train/0", 4, 10}, wantSample{"mnist/x_train/1", 5, 11}, wantSample{"mnist/x_train/2", 6, 12})
		set = mustOpen(t, keras+":test", Options{})
		wantSamples(t, set, nil, wantSample{"mnist/x_test/0", 8, 50}, wantSample{"mnist/x_test/1", 9, 51})
		med := put(t, dir, kind+"/med.npz", npzBytes(t, method, npzMember{"val_images.npy", pixels(7, 1)}, npzMember{"val_labels.npy", labels(3)}))
		wantSamples(t, mustOpen(t, med+":val", Options{}), nil, wantSample{"med/val_images/0", 3, 7})
		one := put(t, dir, kind+"/one.npz", npzBytes(t, method, npzMember{"photos.npy", pixels(7, 1)}))
		wantSamples(t, mustOpen(t, one, Options{}), nil, wantSample{"one/photos/0", -1, 7})
		other := put(t, dir, kind+"/other.npz", npzBytes(t, method, npzMember{"a.npy", pixels(7, 1)}, npzMember{"b.npy", labels(2)}))
		wantSamples(t, mustOpen(t, other, Options{PathColumn: "a", LabelColumn: "b"}), nil, wantSample{"other/a/0", 2, 7})
	}
	left, err := os.ReadDir(os.Getenv("TMPDIR"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestNPZErrors(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	pixels := encode(t, []int{2, 1, 1}, []uint8{1, 2})
	three := encode(t, []int{3}, []int64{1, 2, 3})
	for name, c := range map[string]struct {
		content []byte
		opts    Options
		want    []string
	}{
		"cut.npz":    {npzBytes(t, zip.Store, npzMember{"x.npy", pixels})[:100], Options{}, []string{"cut short"}},
		"none.npz":   {npzBytes(t, zip.Store, npzMember{"x.txt", pixels}), Options{}, []string{"no arrays"}},
		"which.npz":  {npzBytes(t, zip.Store, npzMember{"a.npy", pixels}, npzMember{"b.npy", pixels}), Options{}, []string{"(a, b)", "name the one"}},
		"named.npz":  {npzBytes(t, zip.Store, npzMember{"x.npy", pixels}), Options{LabelColumn: "l"}, []string{"(x)", "named l"}},
		"count.npz":  {npzBytes(t, zip.Deflate, npzMember{"x.npy", pixels}, npzMember{"y.npy", three}), Options{}, []string{"labels y", "3 labels for 2"}},
		"noarr.npz":  {npzBytes(t, zip.Deflate, npzMember{"x.npy", []byte("text")}), Options{}, []string{"array x", "truncated"}},
		"short.npz":  {npzBytes(t, zip.Store, npzMember{"x.npy", pixels[:len(pixels)-1]}), Options{}, []string{"array x", "truncated"}},
		"floats.npz": {npzBytes(t, zip.Store, npzMember{"x.npy", pixels}, npzMember{"y.npy", encode(t, []int{2}, []float32{1, 2.5})}), Options{}, []string{"labels y", "label 2.5 of sample 1"}},
	} {
		_, err := Open(put(t, dir, name, c.content), c.opts)
		wantError(t, err, append(c.want, filepath.Join(dir, name))...)
	}
	_, err := Open(put(t, dir, "x.npz", npzBytes(t, zip.Store, npzMember{"x.npy", pixels}))+":test", Options{})
	wantError(t, err, "none of its arrays (x)")
}
