package op

import (
	"fmt"
	"slices"

	"github.com/prunefuse/prunefuse/onnxio"
)

// Opset 8 has a Scan of another form, over batches.
var scan = Def{
	Type: "Scan", Since: []int64{9, 11, 16, 19, 21, 23},
	Shape: func(c *Infer) error {
		n := len(c.Node.Inputs()) - int(c.Node.Int("num_scan_inputs", 0))
		if n < 0 || n >= len(c.Node.Inputs()) {
			return fmt.Errorf("num_scan_inputs %d of %d inputs", c.Node.Int("num_scan_inputs", 0), len(c.Node.Inputs()))
		}
		fed := make([]onnxio.Type, len(c.Node.Inputs()))
		var length onnxio.Dim
		for i := range fed {
			fed[i] = c.In(i)
			if i < n {
				continue
			}
			k, ok := fed[i].Shape.Axis(scanAxis(c, "scan_input_axes", i-n))
			if !ok {
				return fmt.Errorf("input %d of shape %v has no axis to scan", i, fed[i].Shape)
			}
			length = fed[i].Shape[k]
			fed[i].Shape = slices.Delete(fed[i].Shape.Clone(), k, k+1)
		}
		out, err := c.states(fed, 0, n, 0)
		if err != nil || out == nil {
			return err
		}
		for o, t := range out {
			s := t.Shape
			if o >= n && s != nil {
				s = append(s.Clone(), length) // for the axis to be found
				k, ok := s.Axis(scanAxis(c, "scan_output_axes", o-n))
				if !ok {
					return fmt.Errorf("output %d of shape %v has no place for its axis", o, t.Shape)
				}
				s = slices.Insert(t.Shape.Clone(), k, length)
			}
			c.Out(o, t.Elem, s)
		}
		return nil
	},
	Axes: bodyPins, Grad: NoGrad("its body is not differentiated"), Cost: bodyCost, Upgrade: bodyUpgrade,
	Cases: []Case{
		{Name: "sums", Inputs: []Input{X(3), X(5, 3)}, Out: 2, Attrs: attrs(onnxio.Int("num_scan_inputs", 1), onnxio.Subgraph("body", summing(3))), Fixed: true},
		{Name: "along the last axis", Inputs: []Input{X(3), X(3, 4)}, Out: 2, Attrs: attrs(onnxio.Int("num_scan_inputs", 1), onnxio.Subgraph("body", summing(3)),
			onnxio.Ints("scan_input_axes", -1), onnxio.Ints("scan_output_axes", 1)), Fixed: true},
		{Name: "opset 9", Opset: 9, Inputs: []Input{X(2), X(4, 2)}, Out: 2, Attrs: attrs(onnxio.Int("num_scan_inputs", 1), onnxio.Subgraph("body", summing(2))), Fixed: true},
	},
}

func scanAxis(c *Infer, attr string, i int) int64 {
	if axes := c.Node.Ints(attr); i < len(axes) {
		return axes[i]
	}
	return 0
}

// summing returns the body of a Scan that adds up what it meets.
func summing(dims ...int64) *onnxio.Model {
	return bodyModel(func(p *onnxio.Patch) {
		typ := onnxio.Type{Elem: onnxio.Float32, Shape: onnxio.ShapeOf(dims...)}
		p.SetInputType("sum", typ)
		p.SetInputType("met", typ)
		p.Add(onnxio.NodeSpec{Op: "Add", Inputs: []string{"sum", "met"}, Outputs: []string{"next"}})
		p.Add(onnxio.NodeSpec{Op: "Identity", Inputs: []string{"next"}, Outputs: []string{"seen"}})
		p.SetOutputType("next", typ)
		p.SetOutputType("seen", typ)
	})
}
