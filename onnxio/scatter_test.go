package onnxio

import (
	"slices"
	"testing"
)

// TestScatterInvertsTake: what Take takes along every axis, Scatter puts back
// where it came from, and nothing else changes.
func TestScatterInvertsTake(t *testing.T) {
	t.Parallel()
	dims := []int64{3, 4, 2}
	index := [][]int{{0, 2}, {1}, {0, 1}}
	for _, elem := range []Elem{Float32, Float16, Int8, Int64, Complex128} {
		size := int64(elem.Bits() / 8)
		raw := make([]byte, 24*size)
		for i := range raw {
			raw[i] = byte(i)
		}
		full := RawTensor("w", elem, dims, raw)
		part := full
		var err error
		for axis, list := range index {
			if part, err = part.Take(axis, list); err != nil {
				t.Fatal(err)
			}
		}
		got, err := RawTensor("w", elem, dims, make([]byte, len(raw))).Scatter(index, part)
		if err != nil {
			t.Fatal(err)
		}
		want := make([]byte, len(raw))
		for _, i := range index[0] {
			for _, j := range index[1] {
				for _, k := range index[2] {
					at := int64(i*8+j*2+k) * size
					copy(want[at:at+size], raw[at:at+size])
				}
			}
		}
		if b, err := got.Bytes(); err != nil || !slices.Equal(b, want) || got.Name() != "w" || !got.Shape().Equal(full.Shape()) {
			t.Errorf("%s: %x, %v, want %x", elem, b, err, want)
		}
	}
}

func TestScatterEdges(t *testing.T) {
	t.Parallel()
	to := NewTensor("w", []int64{2, 3}, []int8{1, 2, 3, 4, 5, 6})
	read := func(x *Tensor, err error) []int64 {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		v, err := x.Ints()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	src := NewTensor("s", []int64{1, 2}, []int8{-1, -2})
	if got := read(to.Scatter([][]int{{1}, {2, 0}}, src)); !slices.Equal(got, []int64{1, 2, 3, -2, 5, -1}) {
		t.Errorf("indices in another order give %v", got)
	}
	if got := read(to.Scatter([][]int{{1, 0}, {2, 1, 0}}, to)); !slices.Equal(got, []int64{6, 5, 4, 3, 2, 1}) {
		t.Errorf("all indices in another order give %v", got)
	}
	if got := read(to, nil); !slices.Equal(got, []int64{1, 2, 3, 4, 5, 6}) {
		t.Errorf("the target changed to %v", got)
	}
	if got := read(Scalar("w", int8(1)).Scatter(nil, Scalar("s", int8(7)))); !slices.Equal(got, []int64{7}) {
		t.Errorf("a scalar becomes %v", got)
	}
	if got := read(to.Scatter([][]int{{0, 1}, {}}, NewTensor("s", []int64{2, 0}, []int8{}))); !slices.Equal(got, []int64{1, 2, 3, 4, 5, 6}) {
		t.Errorf("an empty source gives %v", got)
	}
	nibbles := RawTensor("n", Int4, []int64{2}, []byte{0x21})
	for want, call := range map[string]func() (*Tensor, error){
		`scatter into tensor "w" of int8: the source is float32`:              func() (*Tensor, error) { return to.Scatter(nil, ramp("s", 1)) },
		`scatter into tensor "n": element type int4 is not of whole bytes`:    func() (*Tensor, error) { return nibbles.Scatter([][]int{{0, 1}}, nibbles) },
		`scatter into tensor "w": 1 index lists and source rank 2 for rank 2`: func() (*Tensor, error) { return to.Scatter([][]int{{0}}, src) },
		`scatter into tensor "w": 2 indices on axis 0 for a source of 1`:      func() (*Tensor, error) { return to.Scatter([][]int{{0, 1}, {0, 1}}, src) },
		`scatter into tensor "w": index 3 on axis 1 of extent 3`:              func() (*Tensor, error) { return to.Scatter([][]int{{0}, {0, 3}}, src) },
		`scatter into tensor "w": index -1 on axis 0 of extent 2`:             func() (*Tensor, error) { return to.Scatter([][]int{{-1}, {0, 1}}, src) },
	} {
		if _, err := call(); err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}
