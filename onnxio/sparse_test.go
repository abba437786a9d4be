package onnxio

import (
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/prunefuse/prunefuse/onnxio/onnxpb"
)

func TestDense(t *testing.T) {
	t.Parallel()
	values := func(v ...float32) *onnxpb.TensorProto {
		return &onnxpb.TensorProto{DataType: proto.Int32(int32(Float32)), Dims: []int64{int64(len(v))}, FloatData: v}
	}
	indices := func(dims []int64, v ...int64) *onnxpb.TensorProto {
		return &onnxpb.TensorProto{DataType: proto.Int32(int32(Int64)), Dims: dims, Int64Data: v}
	}
	for about, c := range map[string]struct {
		s    *onnxpb.SparseTensorProto
		want []float32
		err  string
	}{
		"places":          {&onnxpb.SparseTensorProto{Values: values(5, 6), Indices: indices([]int64{2}, 1, 5), Dims: []int64{2, 3}}, []float32{0, 5, 0, 0, 0, 6}, ""},
		"coordinates":     {&onnxpb.SparseTensorProto{Values: values(5, 6), Indices: indices([]int64{2, 2}, 0, 1, 1, 2), Dims: []int64{2, 3}}, []float32{0, 5, 0, 0, 0, 6}, ""},
		"empty":           {&onnxpb.SparseTensorProto{Values: values(), Indices: indices([]int64{0}), Dims: []int64{3}}, []float32{0, 0, 0}, ""},
		"outside":         {&onnxpb.SparseTensorProto{Values: values(5), Indices: indices([]int64{1}, 6), Dims: []int64{2, 3}}, nil, "the index 6"},
		"outside an axis": {&onnxpb.SparseTensorProto{Values: values(5), Indices: indices([]int64{1, 2}, 0, 3), Dims: []int64{2, 3}}, nil, "the index 3 on axis 1"},
		"negative":        {&onnxpb.SparseTensorProto{Values: values(5), Indices: indices([]int64{1}, -1), Dims: []int64{2, 3}}, nil, "the index -1"},
		"too few indices": {&onnxpb.SparseTensorProto{Values: values(5, 6), Indices: indices([]int64{1}, 1), Dims: []int64{2, 3}}, nil, "2 values, and indices of [1]"},
		"too large":       {&onnxpb.SparseTensorProto{Values: values(5), Indices: indices([]int64{1}, 1), Dims: []int64{1 << 40, 1 << 30}}, nil, "more than"},
		"nothing said":    {&onnxpb.SparseTensorProto{}, nil, "is not written out"},
	} {
		got, err := dense("w", c.s)
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: error %v, want %q", about, err, c.err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", about, err)
			continue
		}
		if f, err := got.Floats(); err != nil || !slices.Equal(f, c.want) {
			t.Errorf("%s: %v, %v", about, f, err)
		}
	}
}
