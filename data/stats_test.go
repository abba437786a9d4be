package data

import (
	"errors"
	"path/filepath"
	"slices"
	"testing"
)

// failing is a set of which some samples cannot be read.
type failing struct {
	Set
	lost []int
}

var errLost = errors.New("lost")

func (f failing) Read(i int, dst []float32) error {
	if slices.Contains(f.lost, i) {
		return errLost
	}
	return f.Set.Read(i, dst)
}

func TestMeasureReadable(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.npy")
	if err := WriteNPY(path, []int{3, 1, 1, 2}, []float32{1, 3, 9, 9, 5, 7}); err != nil {
		t.Fatal(err)
	}
	set, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = Close(set) })
	var p Preprocess
	if err := p.MeasureReadable(t.Context(), failing{set, []int{1}}); err != nil || p.Mean[0] != 4 {
		t.Errorf("mean %v (%v), want 4", p.Mean, err)
	}
	if err := p.Measure(t.Context(), failing{set, []int{1}}); !errors.Is(err, errLost) {
		t.Errorf("error %v", err)
	}
	if err := p.MeasureReadable(t.Context(), failing{set, []int{0, 1, 2}}); !errors.Is(err, errLost) {
		t.Errorf("nothing can be read: error %v", err)
	}
}
