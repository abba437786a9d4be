package onnxio

import "fmt"

// Scatter is t with src written to the positions that index gives: for every
// axis the ascending indices of t that src's stand for. The element types
// must be equal and of whole bytes.
//
//	result[index[0][i], index[1][j], …] = src[i, j, …]
func (t *Tensor) Scatter(index [][]int, src *Tensor) (*Tensor, error) {
	bits := t.Elem().Bits()
	switch {
	case t.Elem() != src.Elem():
		return nil, fmt.Errorf("scatter into tensor %q of %s: the source is %s", t.Name(), t.Elem(), src.Elem())
	case bits == 0 || bits%8 != 0:
		return nil, fmt.Errorf("scatter into tensor %q: element type %s is not of whole bytes", t.Name(), t.Elem())
	case len(index) != t.Rank() || src.Rank() != t.Rank():
		return nil, fmt.Errorf("scatter into tensor %q: %d index lists and source rank %d for rank %d", t.Name(), len(index), src.Rank(), t.Rank())
	}
	for k, list := range index {
		if int64(len(list)) != src.Dim(k) {
			return nil, fmt.Errorf("scatter into tensor %q: %d indices on axis %d for a source of %d", t.Name(), len(list), k, src.Dim(k))
		}
		for _, j := range list {
			if j < 0 || int64(j) >= t.Dim(k) {
				return nil, fmt.Errorf("scatter into tensor %q: index %d on axis %d of extent %d", t.Name(), j, k, t.Dim(k))
			}
		}
	}
	to, err := t.Bytes()
	if err != nil {
		return nil, err
	}
	from, err := src.Bytes()
	if err != nil {
		return nil, err
	}
	out := append([]byte(nil), to...)
	if len(from) > 0 { // an empty source may still have many outer indices
		dims, run := t.pb.GetDims(), int64(bits/8)
		for len(index) > 0 && whole(index[len(index)-1], dims[len(index)-1]) {
			index = index[:len(index)-1]
			run *= dims[len(index)]
		}
		scatter(out, from, dims[:len(index)], index, run, 0)
	}
	return RawTensor(t.Name(), t.Elem(), t.pb.GetDims(), out), nil
}

// whole reports whether the indices are all of an axis, in order.
func whole(index []int, extent int64) bool {
	if int64(len(index)) != extent {
		return false
	}
	for i, j := range index {
		if i != j {
			return false
		}
	}
	return true
}

// scatter writes the part of from that belongs to one outer index, in
// runs of that many bytes, and returns what of from is left.
func scatter(to, from []byte, dims []int64, index [][]int, run, at int64) []byte {
	if len(index) == 0 {
		copy(to[at:at+run], from[:run])
		return from[run:]
	}
	row := run * product(dims[1:])
	for _, j := range index[0] {
		from = scatter(to, from, dims[1:], index[1:], run, at+int64(j)*row)
	}
	return from
}
