package op

import (
	"fmt"
	"slices"

	"github.com/prunefuse/prunefuse/onnxio"
)

var loop = Def{
	Type: "Loop", Since: []int64{1, 11, 13, 16, 19, 21, 23},
	Shape: func(c *Infer) error {
		n := len(c.Node.Inputs()) - 2
		if n < 0 {
			return fmt.Errorf("it has %d inputs, want at least 2", n+2)
		}
		fed := []onnxio.Type{{Elem: onnxio.Int64, Shape: onnxio.Shape{}}, {Elem: onnxio.Bool, Shape: onnxio.Shape{}}}
		for i := range n {
			fed = append(fed, c.In(2+i))
		}
		out, err := c.states(fed, 2, n, 1)
		if err != nil || out == nil {
			return err
		}
		for o, t := range out[1:] {
			s := t.Shape
			if o >= n && s != nil { // gathered from all runs
				s = slices.Insert(s.Clone(), 0, c.unknown(o, 0))
			}
			c.Out(o, t.Elem, s)
		}
		return nil
	},
	Axes: bodyPins, Grad: NoGrad("its body is not differentiated"), Cost: bodyCost, Upgrade: bodyUpgrade,
	Cases: []Case{
		{Name: "counted", Inputs: []Input{{Elem: onnxio.Int64, Ints: []int64{3}}, None(), X(2, 3)}, Out: 2, Attrs: attrs(onnxio.Subgraph("body", doubling(2, 3))), Fixed: true},
		{Name: "while", Inputs: []Input{{Elem: onnxio.Int64, Ints: []int64{2}}, Bools([]int64{1}), X(4)}, Out: 2, Attrs: attrs(onnxio.Subgraph("body", doubling(4))), Fixed: true},
		{Name: "opset 11", Opset: 11, Inputs: []Input{{Elem: onnxio.Int64, Ints: []int64{1}}, None(), X(2)}, Out: 2, Attrs: attrs(onnxio.Subgraph("body", doubling(2))), Fixed: true},
	},
}

// doubling returns the body of a Loop that doubles its state and passes it on.
func doubling(dims ...int64) *onnxio.Model {
	return bodyModel(func(p *onnxio.Patch) {
		p.SetInputType("run", onnxio.Type{Elem: onnxio.Int64, Shape: onnxio.Shape{}})
		p.SetInputType("more", onnxio.Type{Elem: onnxio.Bool, Shape: onnxio.Shape{}})
		p.SetInputType("state", onnxio.Type{Elem: onnxio.Float32, Shape: onnxio.ShapeOf(dims...)})
		p.Add(onnxio.NodeSpec{Op: "Identity", Inputs: []string{"more"}, Outputs: []string{"again"}})
		p.Add(onnxio.NodeSpec{Op: "Add", Inputs: []string{"state", "state"}, Outputs: []string{"next"}})
		p.Add(onnxio.NodeSpec{Op: "Neg", Inputs: []string{"next"}, Outputs: []string{"seen"}})
		p.SetOutputType("again", onnxio.Type{Elem: onnxio.Bool, Shape: onnxio.Shape{}})
		p.SetOutputType("next", onnxio.Type{Elem: onnxio.Float32, Shape: onnxio.ShapeOf(dims...)})
		p.SetOutputType("seen", onnxio.Type{Elem: onnxio.Float32, Shape: onnxio.ShapeOf(dims...)})
	})
}
