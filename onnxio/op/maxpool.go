package op

import "github.com/prunefuse/prunefuse/onnxio"

var maxPool = Def{
	Type: "MaxPool", Since: []int64{1, 8, 10, 11, 12, 22},
	Shape: poolShape, Axes: maxPoolAxes, Train: maxPoolTrain, Grad: maxPoolGrad, Cost: free,
	Cases: append(poolCases(),
		Case{Name: "dilated", Inputs: []Input{X(1, 2, 7, 7)}, Attrs: pads(1, 1, 1, 1, onnxio.Ints("kernel_shape", 2, 2), onnxio.Ints("dilations", 3, 2))},
		Case{Name: "indices", Inputs: []Input{X(2, 3, 4, 4)}, Attrs: attrs(onnxio.Ints("kernel_shape", 2, 2), onnxio.Ints("strides", 2, 2)), Out: 2},
		Case{Name: "indices by column", Inputs: []Input{X(2, 3, 4, 6)}, Attrs: attrs(onnxio.Ints("kernel_shape", 2, 2), onnxio.Int("storage_order", 1)), Out: 2},
	),
}

// maxPoolAxes is that of a pool; where the indices are asked for, which
// count through the whole input, nothing may go.
func maxPoolAxes(a *Axes) error {
	if a.Node.Output(1) != "" {
		a.PinAll("its indices count through the whole input")
		return nil
	}
	return poolAxes(a)
}

// maxPoolTrain keeps the position of each maximum.
func maxPoolTrain(t *Train) error {
	n := t.Node
	indices := n.Output(1)
	if indices == "" {
		indices = t.Patch.Fresh(n.Output(0) + ".indices")
	}
	if n.Int("storage_order", 0) == 0 {
		t.Save("indices", indices)
	}
	t.Patch.Add(onnxio.NodeSpec{
		Op: "MaxPool", Name: n.Name(), Inputs: n.Inputs(), Outputs: []string{n.Output(0), indices}, Attrs: n.Attrs(),
	})
	return nil
}

// maxPoolGrad adds the gradient of each window at the position of its
// maximum; of equals that is the first, as in PyTorch.
func maxPoolGrad(g *Grad) error {
	w, err := poolWindow(g.Infer)
	if err != nil {
		return err
	}
	indices := g.Saved("indices")
	if indices == "" {
		var attrs []onnxio.Attr
		for _, a := range g.Node.Attrs() {
			if a.Name() != "storage_order" {
				attrs = append(attrs, a)
			}
		}
		indices = g.Multi("", "MaxPool", 2, []string{g.I(0)}, attrs...)[1]
	}
	size := g.Reshape(g.Op("Size", []string{g.I(0)}), 1)
	reduction := onnxio.Str("reduction", "none")
	if w.overlaps() {
		reduction = onnxio.Str("reduction", "add")
	}
	dx := g.Op("ScatterElements", []string{g.Op("ConstantOfShape", []string{size}), g.Reshape(indices, -1), g.Reshape(g.GO(0), -1)}, reduction)
	g.GI(0, g.ReshapeLike(dx, g.I(0), g.In(0).Shape))
	return nil
}
