package pruning

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/ort"
)

// randomFeeds makes one tensor for each input of the model: standard normal
// floats, or integers 0 and 1. An axis of symbolic extent takes 2.
func randomFeeds(m *onnxio.Model, rng *rand.Rand) (map[string]*ort.Tensor, error) {
	feeds := map[string]*ort.Tensor{}
	for _, v := range m.Graph.Inputs() {
		if v.Type.Shape == nil {
			return nil, fmt.Errorf("input %q has no stated rank", v.Name)
		}
		shape := make([]int64, len(v.Type.Shape))
		size := int64(1)
		for k, d := range v.Type.Shape {
			shape[k] = d.Or(2)
			size *= shape[k]
		}
		t, err := randomTensor(v, shape, size, rng)
		if err != nil {
			return nil, err
		}
		feeds[v.Name] = t
	}
	return feeds, nil
}

func randomTensor(v onnxio.Value, shape []int64, size int64, rng *rand.Rand) (*ort.Tensor, error) {
	x := make([]float32, size)
	for i := range x {
		x[i] = float32(rng.NormFloat64())
	}
	switch v.Type.Elem {
	case onnxio.Float32:
		return ort.NewTensor(shape, x)
	case onnxio.Float16, onnxio.Float64, onnxio.BFloat16:
		zero := onnxio.RawTensor(v.Name, v.Type.Elem, shape, make([]byte, size*int64(v.Type.Elem.Bits())/8))
		t, err := zero.WithFloats(x)
		if err != nil {
			return nil, err
		}
		raw, err := t.Bytes()
		if err != nil {
			return nil, err
		}
		return ort.FromBytes(v.Type.Elem, shape, raw)
	case onnxio.Int64:
		n := make([]int64, size)
		for i := range n {
			n[i] = rng.Int64N(2)
		}
		return ort.NewTensor(shape, n)
	case onnxio.Int32:
		n := make([]int32, size)
		for i := range n {
			n[i] = rng.Int32N(2)
		}
		return ort.NewTensor(shape, n)
	}
	return nil, fmt.Errorf("input %q has element type %s, for which there is no random input", v.Name, v.Type.Elem)
}

// runAll runs a session on the feeds and gives the float outputs, in the
// session's order.
func runAll(ctx context.Context, s *ort.Session, feeds map[string]*ort.Tensor) ([][]float32, error) {
	in := make([]*ort.Tensor, len(s.Inputs()))
	for i, io := range s.Inputs() {
		if in[i] = feeds[io.Name]; in[i] == nil {
			return nil, fmt.Errorf("the models differ in their inputs: %q is only in one", io.Name)
		}
	}
	out := make([]*ort.Tensor, len(s.Outputs()))
	if err := s.Run(ctx, in, out); err != nil {
		return nil, err
	}
	res := make([][]float32, len(out))
	for i, t := range out {
		c := onnxio.RawTensor(s.Outputs()[i].Name, t.Elem(), t.Shape(), t.Bytes())
		if t.Elem().Float() {
			v, err := c.Floats()
			if err != nil {
				return nil, err
			}
			res[i] = v
		}
		if t.Elem().Int() {
			v, err := c.Ints()
			if err != nil {
				return nil, err
			}
			for _, n := range v {
				res[i] = append(res[i], float32(n))
			}
		}
		if err := t.Close(); err != nil {
			return nil, err
		}
	}
	return res, nil
}
