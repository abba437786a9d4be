package data

import (
	"slices"
	"testing"
)

func TestWithout(t *testing.T) {
	t.Parallel()
	all, err := Demo("test")
	if err != nil {
		t.Fatal(err)
	}
	for _, taken := range [][]int{nil, {0}, {999}, {5, 3, 4, 0, 999, 500}, {1, 2, 3}} {
		r := Without(all, taken)
		var want []int
		for i := range all.Len() {
			if !slices.Contains(taken, i) {
				want = append(want, i)
			}
		}
		if r.Len() != len(want) {
			t.Fatalf("without %v: %d samples, want %d", taken, r.Len(), len(want))
		}
		x, y := make([]float32, all.Shape().Size()), make([]float32, all.Shape().Size())
		for i, w := range want {
			if r.At(i) != w || r.ID(i) != all.ID(w) || r.Label(i) != all.Label(w) {
				t.Fatalf("without %v: sample %d is %d, want %d", taken, i, r.At(i), w)
			}
			if i%97 != 0 {
				continue
			}
			if err := all.Read(w, x); err != nil {
				t.Fatal(err)
			}
			if err := r.Read(i, y); err != nil || !slices.Equal(x, y) {
				t.Fatalf("without %v: sample %d reads otherwise, %v", taken, i, err)
			}
		}
	}
	if pixelsOf(Without(all, []int{1})) == nil {
		t.Error("the pixels of bytes are lost")
	}
}
