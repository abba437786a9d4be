package onnxio

import (
	"fmt"
	"slices"
)

// Take gathers the given indices along one axis; see Gather.
func (t *Tensor) Take(axis int, index []int) (*Tensor, error) {
	if axis < 0 || axis >= t.Rank() {
		return nil, fmt.Errorf("slice tensor %q: axis %d of rank %d", t.Name(), axis, t.Rank())
	}
	lists := make([][]int, t.Rank())
	lists[axis] = append([]int{}, index...)
	return t.Gather(lists)
}

// Gather takes the given indices of every axis; nil stands for all of one.
// The element type may be any of whole bytes.
//
//	result[i, j, …] = t[index[0][i], index[1][j], …]
func (t *Tensor) Gather(index [][]int) (*Tensor, error) {
	dims := t.pb.GetDims()
	bits := t.Elem().Bits()
	switch {
	case bits == 0 || bits%8 != 0:
		return nil, fmt.Errorf("slice tensor %q: element type %s is not of whole bytes", t.Name(), t.Elem())
	case len(index) != len(dims):
		return nil, fmt.Errorf("slice tensor %q: %d index lists for rank %d", t.Name(), len(index), len(dims))
	}
	shape := slices.Clone(dims)
	for k, list := range index {
		if list == nil {
			continue
		}
		for _, j := range list {
			if j < 0 || int64(j) >= dims[k] {
				return nil, fmt.Errorf("slice tensor %q: index %d on axis %d of extent %d", t.Name(), j, k, dims[k])
			}
		}
		shape[k] = int64(len(list))
	}
	n, ok := elements(t.Elem(), shape)
	if !ok {
		return nil, fmt.Errorf("slice tensor %q: the shape %v is too large", t.Name(), shape)
	}
	w, err := t.window()
	if err != nil {
		return nil, err
	}
	defer w.close()
	g := gathering{window: w, out: make([]byte, 0, t.Elem().packedBytes(n))}
	run, last := int64(bits/8), len(dims)-1
	for ; last >= 0 && index[last] == nil; last-- {
		run *= dims[last]
	}
	if n > 0 { // an empty result may still have many outer indices
		if err := g.gather(dims[:last+1], index[:last+1], run, 0); err != nil {
			return nil, fmt.Errorf("read tensor %q: %w", t.Name(), err)
		}
	}
	return RawTensor(t.Name(), t.Elem(), shape, g.out).noted(t), nil
}

// gathering is a gather under way.
type gathering struct {
	*window
	out []byte
}

// gather appends what is taken of the axes dims, whose elements are runs of
// bytes, from off on.
func (g *gathering) gather(dims []int64, index [][]int, run, off int64) error {
	if len(dims) == 0 {
		b, err := g.at(off, run)
		g.out = append(g.out, b...)
		return err
	}
	row := run * product(dims[1:])
	if len(dims) == 1 && (g.src == nil || dims[0]*row <= windowSize) {
		b, err := g.at(off, dims[0]*row)
		if err != nil {
			return err
		}
		for _, j := range index[0] {
			g.out = append(g.out, b[int64(j)*row:int64(j+1)*row]...)
		}
		return nil
	}
	if index[0] == nil {
		for j := range dims[0] {
			if err := g.gather(dims[1:], index[1:], run, off+j*row); err != nil {
				return err
			}
		}
	}
	for _, j := range index[0] {
		if err := g.gather(dims[1:], index[1:], run, off+int64(j)*row); err != nil {
			return err
		}
	}
	return nil
}
