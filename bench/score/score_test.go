package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"image"
	"image/jpeg"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
)

// TestMain lets the test's binary be started as a child, as the command's is.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "-child" {
		main()
		return
	}
	os.Exit(m.Run())
}

// archive is a data set of pictures of 32×32.
func archive(t *testing.T, path, name string, n int) {
	t.Helper()
	var b, picture bytes.Buffer
	if err := jpeg.Encode(&picture, image.NewYCbCr(image.Rect(0, 0, 32, 32), image.YCbCrSubsampleRatio420), nil); err != nil {
		t.Fatal(err)
	}
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for i := range n {
		if err := w.WriteHeader(&tar.Header{Name: strings.ReplaceAll(name, "*", string(rune('a'+i))), Typeflag: tar.TypeReg, Mode: 0o666, Size: int64(picture.Len())}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(picture.Bytes()); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []io.Closer{w, z} {
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Whether a goal is met is not asked: a test asserts no time.
func TestScoreBench(t *testing.T) {
	t.Parallel()
	orttest.Need(t)
	dir := t.TempDir()
	archive(t, filepath.Join(dir, "cifar10-jpeg", "cifar10-jpeg.tar.gz"), "train/airplane/*.jpg", 5)
	var stdout, stderr bytes.Buffer
	args := []string{"-json", "-time", "1ns", "-rounds", "1", "-photos", "3", "-large", "300", "-data", dir, "-threads", "2", "-batch", "2"}
	args = append(args, "resnet56-half", "cifar10-jpeg", "tiny-imagenet", "memory")
	if err := run(context.Background(), args, &stdout, &stderr); err != nil && !strings.Contains(err.Error(), "the goal is missed by") {
		t.Fatal(err)
	}
	var got []string
	for d := json.NewDecoder(&stdout); d.More(); {
		var r result
		if err := d.Decode(&r); err != nil {
			t.Fatal(err)
		}
		got = append(got, r.Case)
		if r.Ours <= 0 || r.Limit <= 0 || r.Ratio <= 0 || r.Goal <= 0 {
			t.Errorf("%+v", r)
		}
		if r.Case == "cifar10-jpeg" && (r.Limit != min(r.Decode, r.Model) || r.Both >= r.Limit || r.Batch != 2 || r.Lanes != 2) {
			t.Errorf("%+v", r)
		}
	}
	want := "resnet56-half cifar10-jpeg memory"
	if _, err := os.Stat("/proc/self/status"); err != nil {
		want = "resnet56-half cifar10-jpeg"
	}
	if strings.Join(got, " ") != want {
		t.Errorf("cases %v, want %s", got, want)
	}
	if !strings.Contains(stderr.String(), "tiny-imagenet: left out: there is no ") {
		t.Errorf("stderr %q", stderr.String())
	}
	if err := run(context.Background(), []string{"nonsense"}, &stdout, &stderr); err == nil || !strings.Contains(err.Error(), `no case is named "nonsense"`) {
		t.Errorf("error %v", err)
	}
}

// A picture is the same every time, and what a photo is like: neither flat nor
// noise alone.
func TestWritePhoto(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var contents [2][]byte
	for i := range contents {
		path := filepath.Join(dir, "photo.jpg")
		if err := writePhoto(path, 7); err != nil {
			t.Fatal(err)
		}
		contents[i], _ = os.ReadFile(path)
	}
	if !bytes.Equal(contents[0], contents[1]) {
		t.Error("two pictures of one seed differ")
	}
	if n := len(contents[0]); n < 20_000 || n > 300_000 {
		t.Errorf("a picture takes %d bytes", n)
	}
}
