// Package examples tests the examples that are programs.
package examples

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/ort"
	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
)

// stripes draws images of which the class is the direction of their stripes.
func stripes(t *testing.T, dir string, perClass int) {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, 1))
	for class, of := range map[string]func(x, y int) int{
		"across": func(_, y int) int { return y }, "down": func(x, _ int) int { return x }, "slope": func(x, y int) int { return x + y },
	} {
		for i := range perClass {
			img := image.NewRGBA(image.Rect(0, 0, 48, 40))
			phase, width := rng.IntN(8), 3+rng.IntN(3)
			for y := range 40 {
				for x := range 48 {
					v := uint8(60 + rng.IntN(40))
					if (of(x, y)+phase)/width%2 == 0 {
						v += 120
					}
					img.Set(x, y, color.RGBA{v, v / 2, 255 - v, 255})
				}
			}
			var b bytes.Buffer
			if err := jpeg.Encode(&b, img, nil); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(dir, class, fmt.Sprintf("%02d.jpg", i))
			if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, b.Bytes(), 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// The library as a program outside of this module uses it.
func TestLibrary(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds a program")
	}
	orttest.Need(t)
	text, err := os.ReadFile(filepath.Join("library", "main.go"))
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(text, []byte("\n")); n > 100 {
		t.Errorf("main.go has %d lines, want at most 100", n)
	}
	if bytes.Contains(text, []byte("prunefuse/internal/")) {
		t.Error("main.go imports an internal package")
	}
	images, out := t.TempDir(), t.TempDir()
	stripes(t, images, 14)
	program := filepath.Join(t.TempDir(), "library.exe")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, ".")
	build.Dir, build.Env = "library", append(os.Environ(), "GOWORK=off")
	if message, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, message)
	}
	run := exec.CommandContext(t.Context(), program, images, out)
	run.Env = append(os.Environ(), ort.EnvLibrary+"="+ort.Describe().Library)
	printed, err := run.CombinedOutput()
	if err != nil {
		t.Fatalf("run: %v\n%s", err, printed)
	}
	if !regexp.MustCompile(`(?m)^stopped: .*after \d+ of 33 samples`).Match(printed) || strings.Count(string(printed), "label next: ") != 8 {
		t.Errorf("it printed\n%s", printed)
	}
	for _, name := range []string{".jsonl", "-features.npy", "-probabilities.npy"} {
		a, err := os.ReadFile(filepath.Join(out, "scores"+name))
		if err != nil {
			t.Fatal(err)
		}
		if b, err := os.ReadFile(filepath.Join(out, "merged"+name)); err != nil || !bytes.Equal(a, b) {
			t.Errorf("merged%s and scores%s differ: %v", name, name, err)
		}
	}
	m, err := onnxio.Load(filepath.Join(out, "final.onnx"))
	if err != nil {
		t.Fatal(err)
	}
	if meta, _ := m.Meta("prunefuse.preprocess"); !strings.Contains(meta, `"classes":["across","down","slope"]`) {
		t.Errorf("final.onnx says of its classes %s", meta)
	}
}
