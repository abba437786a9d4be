package pruning

import (
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
)

// watched is a model with further outputs that tell, for each probe and each
// of the reductions in turn, one number for every position of its axis: the
// reduction of the value over all other axes, in float32. With of, that
// operator is applied to the value first.
func (a *Analysis) watched(m *onnxio.Model, probes []probe, of string, reductions ...string) (*onnxio.Model, []string, error) {
	m = m.Clone()
	p := m.Graph.Edit()
	e := op.NewEmit(p, a.Facts.Opset, "probe.")
	var outputs []string
	for _, pr := range probes {
		x := pr.value
		if t := a.Facts.Types[x]; t.Elem != onnxio.Float32 {
			x = e.Op("Cast", []string{x}, onnxio.Int("to", int64(onnxio.Float32)))
		}
		if of != "" {
			x = e.Of(of, x)
		}
		var others []int64
		for k := range a.Facts.Types[pr.value].Shape {
			if k != pr.k {
				others = append(others, int64(k))
			}
		}
		for _, reduction := range reductions {
			y := ""
			if others == nil {
				y = e.Of("Identity", x)
			} else {
				y = e.Reduce(reduction, x, false, others...)
			}
			p.SetOutputType(y, onnxio.Type{Elem: onnxio.Float32, Shape: onnxio.ShapeOf(int64(pr.axis.extent()))})
			outputs = append(outputs, y)
		}
	}
	return m, outputs, p.Apply()
}
