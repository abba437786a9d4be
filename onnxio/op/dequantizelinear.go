package op

import "github.com/prunefuse/prunefuse/onnxio"

var dequantizeLinear = Def{
	Type: "DequantizeLinear", Since: []int64{10, 13, 19, 21, 23},
	Zero: zeroAtZero,
	Shape: func(c *Infer) error {
		c.Out(0, c.In(1).Elem, c.In(0).Shape)
		return scalesFit(c)
	},
	Axes: scaledAxes, Cost: free, Grad: dequantizeGrad,
	Cases: []Case{
		{Name: "no zero point", Inputs: []Input{Q(onnxio.Uint8, 2, 3, 4), Scales(0.02)}},
		{Name: "zero point", Inputs: []Input{Q(onnxio.Uint8, 2, 3, 4), Scales(0.05), Points(onnxio.Uint8, 117)}},
		{Name: "weight", Inputs: []Input{QW(onnxio.Int8, 4, 3, 2, 2), Scales(0.05, 0.1, 0.2, 0.1), Points(onnxio.Int8, 0, 0, 1, 0)}, Attrs: attrs(onnxio.Int("axis", 0))},
		{Name: "bias", Inputs: []Input{QW(onnxio.Int32, 3), Scales(0.05, 0.1, 0.2)}, Attrs: attrs(onnxio.Int("axis", 0))},
		{Name: "by channel", Inputs: []Input{Q(onnxio.Uint8, 2, 3, 4), Scales(0.05, 0.1, 0.2), Points(onnxio.Uint8, 100, 128, 90)}},
		{Name: "by last axis", Inputs: []Input{Q(onnxio.Int8, 2, 3, 2), Scales(0.05, 0.1), Points(onnxio.Int8, 0, 5)}, Attrs: attrs(onnxio.Int("axis", -1))},
		{Name: "opset 10", Opset: 10, Inputs: []Input{Q(onnxio.Uint8, 2, 3, 4), Scales(0.05), Points(onnxio.Uint8, 117)}},
		{Name: "opset 19", Opset: 19, Inputs: []Input{Q(onnxio.Int8, 2, 3, 4), Scales(0.05, 0.1, 0.2), Points(onnxio.Int8, 0, 0, 0)}},
		{Name: "blocks", Opset: 21, Inputs: []Input{QW(onnxio.Int8, 2, 6, 4), Pos(2, 3, 4), {Shape: []int64{2, 3, 4}, Elem: onnxio.Int8, Const: true}}, Attrs: attrs(onnxio.Int("block_size", 2))},
		{Name: "last block short", Opset: 21, Inputs: []Input{QW(onnxio.Int8, 2, 4, 5), Pos(2, 4, 2)}, Attrs: attrs(onnxio.Int("block_size", 3), onnxio.Int("axis", 2))},
	},
}

// dequantizeGrad is that of y = (x − point)·scale by the scale, which is y by
// the scale once more.
func dequantizeGrad(g *Grad) error {
	if !g.Needs(1) {
		return nil
	}
	s := g.In(1).Shape
	if len(s) > 1 {
		return &noGradError{"the gradient by the scales of blocks is not derived"}
	}
	sum := g.Mul(g.GO(0), g.O(0))
	var axes []int64
	if s.Size().Is(1) {
		g.GI(1, g.Div(g.ReshapeLike(g.Op("ReduceSum", []string{sum}, keepDims(false)), g.I(1), s), g.I(1)))
		return nil
	}
	axis, err := g.Axis(1)
	if err != nil {
		return err
	}
	for k := range g.In(0).Shape {
		if k != axis {
			axes = append(axes, int64(k))
		}
	}
	if len(axes) > 0 {
		sum = g.Sum(sum, false, axes...)
	}
	g.GI(1, g.Div(sum, g.I(1)))
	return nil
}
