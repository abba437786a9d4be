package latency

import (
	"fmt"
	"maps"
	"slices"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/ort"
)

// shapes settles the extents of every input.
func (o Options) shapes(inputs []ort.IO) ([][]int64, error) {
	free := slices.ContainsFunc(inputs, func(io ort.IO) bool {
		return io.Shape == nil || len(io.Shape) > 0 && !io.Shape[0].IsKnown()
	})
	if first := inputs[0]; o.Batch > 0 && !free && !(len(first.Shape) > 0 && first.Shape[0].Is(o.Batch)) {
		return nil, fmt.Errorf("input %q (%s%s): no first axis of an input is free, so the model cannot run at batch %d", first.Name, first.Elem, first.Shape, o.Batch)
	}
	out := make([][]int64, len(inputs))
	for i, io := range inputs {
		var err error
		v := onnxio.Value{Name: io.Name, Type: onnxio.Type{Elem: io.Elem, Shape: io.Shape}}
		if out[i], err = o.Shapes.Shape(v, o.Batch); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// samples is what one run computes: the extent of the first axis of the first
// input that has one.
func samples(shapes [][]int64) int64 {
	for _, s := range shapes {
		if len(s) > 0 {
			return s[0]
		}
	}
	return 1
}

// checkShapes refuses shapes of inputs that no candidate has.
func (o Options) checkShapes(runs []*runner) error {
	for _, name := range slices.Sorted(maps.Keys(o.Shapes)) {
		known := slices.ContainsFunc(runs, func(r *runner) bool {
			return slices.ContainsFunc(r.session.Inputs(), func(io ort.IO) bool { return io.Name == name })
		})
		if !known {
			return fmt.Errorf("no model has an input %q to give a shape", name)
		}
	}
	return nil
}
