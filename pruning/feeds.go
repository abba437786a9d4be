package pruning

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/ort"
)

// randomFeeds makes one random tensor for each input of the model. Symbolic axes
// have the given extents: a first one, and all others.
func randomFeeds(m *onnxio.Model, rng *rand.Rand, batch, others int64) (map[string]*ort.Tensor, error) {
	feeds := map[string]*ort.Tensor{}
	for _, v := range m.Graph.Inputs() {
		if v.Type.Shape == nil {
			return nil, fmt.Errorf("input %q has no stated rank", v.Name)
		}
		shape := make([]int64, len(v.Type.Shape))
		for k, d := range v.Type.Shape {
			shape[k] = d.Or(others)
			if k == 0 {
				shape[k] = d.Or(batch)
			}
		}
		t, err := ort.Random(rng, v.Type.Elem, shape...)
		if err != nil {
			return nil, fmt.Errorf("input %q: %w", v.Name, err)
		}
		feeds[v.Name] = t
	}
	return feeds, nil
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
