package op

import "github.com/prunefuse/prunefuse/onnxio"

var maxPool = Def{
	Type: "MaxPool", Since: []int64{1, 8, 10, 11, 12, 22},
	Shape: poolShape, Axes: maxPoolAxes, Train: maxPoolTrain, Grad: maxPoolGrad, Cost: free,
	Cases: append(poolCases(),
		Case{Name: "dilated", Inputs: []Input{X(1, 2, 7, 7)}, Attrs: pads(1, 1, 1, 1, onnxio.Ints("kernel_shape", 2, 2), onnxio.Ints("dilations", 3, 2))},
		Case{Name: "indices", Inputs: []Input{X(2, 3, 4, 4)}, Attrs: attrs(onnxio.Ints("kernel_shape", 2, 2), onnxio.Ints("strides", 2, 2)), Out: 2},
		Case{Name: "indices by column", Inputs: []Input{X(2, 3, 4, 6)}, Attrs: attrs(onnxio.Ints("kernel_shape", 2, 2), onnxio.Int("storage_order", 1)), Out: 2},
		Case{Name: "indices by column, overlapping", Inputs: []Input{X(2, 3, 5, 6)}, Attrs: attrs(onnxio.Ints("kernel_shape", 2, 2), onnxio.Ints("strides", 1, 2), onnxio.Int("storage_order", 1)), Out: 2},
	),
}

// maxPoolAxes is that of a pool. The indices count through the whole input:
// where anything but a MaxUnpool, which loses the same ones, reads them,
// nothing may go.
func maxPoolAxes(a *Axes) error {
	indices := a.Node.Output(1)
	if indices == "" {
		return poolAxes(a)
	}
	for _, u := range a.Graph.Consumers(indices) {
		if u.Node.Op() != "MaxUnpool" || u.Index != 1 {
			a.PinAll("its indices count through the whole input")
			return nil
		}
	}
	if a.Graph.IsOutput(indices) {
		a.PinAll("its indices count through the whole input")
		return nil
	}
	for k := range a.OutType(1).Shape {
		if k < 2 {
			a.Same(In(0, k), Out(1, k))
		} else {
			a.Pin(Out(1, k), "MaxPool slides over this axis")
		}
	}
	return poolAxes(a)
}

// maxPoolTrain keeps the position of each maximum where the gradient will
// need it, which makes the pool slower.
func maxPoolTrain(t *Train) error {
	w, err := poolWindow(t.Infer)
	if err != nil {
		return err
	}
	n := t.Node
	outputs := []string{n.Output(0)}
	switch {
	case n.Output(1) != "":
		outputs = append(outputs, n.Output(1))
	case !w.tiles(t.In(0).Shape[2:]):
		outputs = append(outputs, t.Patch.Fresh(n.Output(0)+".indices"))
	}
	if len(outputs) > 1 && n.Int("storage_order", 0) == 0 {
		t.Save("indices", outputs[1])
	}
	t.Patch.Add(onnxio.NodeSpec{Op: "MaxPool", Name: n.Name(), Inputs: n.Inputs(), Outputs: outputs, Attrs: n.Attrs()})
	return nil
}

// maxPoolGrad gives the gradient of each window to the position of its
// maximum. Where the windows tile the input, equal maxima share it evenly,
// which is twice as fast as seeking the first. Other windows give it to the
// first, as PyTorch does.
func maxPoolGrad(g *Grad) error {
	w, err := poolWindow(g.Infer)
	if err != nil {
		return err
	}
	if w.tiles(g.In(0).Shape[2:]) {
		kernel := onnxio.Ints("kernel_shape", w.kernel...)
		chosen := g.Zero(g.Sub(g.I(0), g.Repeat(g.O(0), w.kernel...)))
		share := g.Op("AveragePool", []string{chosen}, kernel, onnxio.Ints("strides", w.stride...))
		size, _ := onnxio.ShapeOf(w.kernel...).Size().Value()
		dy := g.Div(g.GO(0), g.Mul(share, g.Scalar(float32(size))))
		g.GI(0, g.Mul(chosen, g.Repeat(dy, w.kernel...)))
		return nil
	}
	indices := g.Saved("indices")
	if indices == "" {
		indices = g.rowMajorIndices()
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

// rowMajorIndices returns the positions of the maxima, counted by rows where
// the node's own output counts by columns.
func (g *Grad) rowMajorIndices() string {
	var attrs []onnxio.Attr
	for _, a := range g.Node.Attrs() {
		if a.Name() != "storage_order" {
			attrs = append(attrs, a)
		}
	}
	return g.Multi("", "MaxPool", 2, []string{g.I(0)}, attrs...)[1]
}
