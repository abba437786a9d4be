package onnxio

import (
	"fmt"

	"github.com/prunefuse/prunefuse/onnxio/onnxpb"
)

// maxDense bounds the elements of a sparse constant that is read as a dense
// tensor.
const maxDense = 1 << 24

// dense is a sparse tensor with its zeros written out. A tensor that contradicts
// itself, or that is too large, is an error.
func dense(name string, s *onnxpb.SparseTensorProto) (*Tensor, error) {
	values, at, dims := &Tensor{pb: s.GetValues()}, &Tensor{pb: s.GetIndices()}, s.GetDims()
	n, ok := elements(values.Elem(), dims)
	if !ok || n > maxDense {
		return nil, fmt.Errorf("a sparse tensor of %v is not written out: it has more than %d elements", dims, maxDense)
	}
	size := values.Elem().packedBytes(1)
	if size < 1 || values.Elem().Bits() < 8 {
		return nil, fmt.Errorf("a sparse tensor of %s is not written out", values.Elem())
	}
	from, err := values.Bytes()
	if err != nil {
		return nil, err
	}
	indices, err := at.Ints()
	if err != nil {
		return nil, err
	}
	nonzero := values.Len()
	coordinates := int64(1) // of each element: its place in the flat tensor, or one an axis
	if at.Rank() == 2 {
		coordinates = int64(len(dims))
	}
	if at.Rank() < 1 || at.Rank() > 2 || int64(len(indices)) != nonzero*coordinates {
		return nil, fmt.Errorf("a sparse tensor has %d values, and indices of %v", nonzero, at.Dims())
	}
	raw := make([]byte, n*size)
	for i := range nonzero {
		place := indices[i*coordinates]
		if at.Rank() == 2 {
			place = 0
			for k, d := range dims {
				v := indices[i*coordinates+int64(k)]
				if v < 0 || v >= d {
					return nil, fmt.Errorf("a sparse tensor of %v has the index %d on axis %d", dims, v, k)
				}
				place = place*d + v
			}
		}
		if place < 0 || place >= n {
			return nil, fmt.Errorf("a sparse tensor of %v has the index %d", dims, place)
		}
		copy(raw[place*size:(place+1)*size], from[i*size:])
	}
	return RawTensor(name, values.Elem(), dims, raw), nil
}

// WriteOutSparse gives every Constant of a sparse value the dense one. It fails
// where one contradicts itself or is too large, with the node.
func (m *Model) WriteOutSparse() error {
	var p *Patch
	for _, n := range m.Graph.nodes {
		s := n.attr("sparse_value").GetSparseTensor()
		if n.Op() != "Constant" || n.Domain() != "" || s == nil {
			continue
		}
		t, err := dense("", s)
		if err != nil {
			return &FormatError{fmt.Sprintf("%v: %v; export it as a dense constant", n, err)}
		}
		if p == nil {
			p = m.Graph.Edit()
		}
		p.DropAttr(n, "sparse_value")
		p.SetAttr(n, TensorValue("value", t))
	}
	if p == nil {
		return nil
	}
	return p.Apply()
}
