package onnxio

import (
	"fmt"
)

// ZeroOutside is t with zeros at every index of an axis but the given ones.
// It takes no memory for the elements until they are asked for. The element
// type may be any of whole bytes.
func (t *Tensor) ZeroOutside(axis int, index []int) (*Tensor, error) {
	bits := t.Elem().Bits()
	switch {
	case bits == 0 || bits%8 != 0:
		return nil, fmt.Errorf("zero tensor %q: element type %s is not of whole bytes", t.Name(), t.Elem())
	case axis < 0 || axis >= t.Rank():
		return nil, fmt.Errorf("zero tensor %q: axis %d of rank %d", t.Name(), axis, t.Rank())
	}
	dims := t.pb.GetDims()
	z := zeroed{of: t, row: product(dims[axis+1:]) * int64(bits/8), keep: make([]bool, dims[axis])}
	for _, j := range index {
		if j < 0 || int64(j) >= dims[axis] {
			return nil, fmt.Errorf("zero tensor %q: index %d on axis %d of extent %d", t.Name(), j, axis, dims[axis])
		}
		z.keep[j] = true
	}
	return &Tensor{pb: bareTensor(t.pb), src: z}, nil
}

// zeroed is a tensor's bytes with zeros at some indices of an axis.
type zeroed struct {
	of   *Tensor
	row  int64  // bytes of one index
	keep []bool // by index
}

func (z zeroed) open(int64) (reader, error) {
	r, err := z.of.reader()
	return zeroing{r, z}, err
}

type zeroing struct {
	reader
	zeroed
}

func (z zeroing) ReadAt(b []byte, off int64) (int, error) {
	n, err := z.reader.ReadAt(b, off)
	for at := 0; at < n; {
		i := (off + int64(at)) / z.row
		end := min(int((i+1)*z.row-off), n)
		if !z.keep[i%int64(len(z.keep))] {
			clear(b[at:end])
		}
		at = end
	}
	return n, err
}
