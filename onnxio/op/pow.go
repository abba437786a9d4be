package op

import "github.com/prunefuse/prunefuse/onnxio"

var pow = Def{
	Type: "Pow", Since: []int64{1, 7, 12, 13, 15},
	Shape: broadcastShape, Axes: elementwise, Grad: powGrad, Cost: free,
	Cases: []Case{
		{Name: "square", Inputs: []Input{X(2, 3, 4), F32([]float32{2})}, NoGrad: []int{1}},
		{Name: "cube", Inputs: []Input{X(2, 3, 4), F32([]float32{3}, 1)}, NoGrad: []int{1}},
		{Name: "root", Inputs: []Input{XPos(2, 3), F32([]float32{0.5})}},
		{Name: "integer exponent", Inputs: []Input{X(2, 3), I0(2)}},
		{Name: "each its own", Inputs: []Input{XPos(2, 3), X(2, 3)}},
		{Name: "exponent is wider", Inputs: []Input{XPos(3), X(2, 3)}},
		{Name: "opset 7", Opset: 7, Inputs: []Input{X(2, 3), F32([]float32{2})}, NoGrad: []int{1}},
	},
}

// powGrad is b·xᵇ⁻¹ and xᵇ·ln x; the latter is taken only where the exponent
// is no constant of the graph, as it does not exist for x < 0.
func powGrad(g *Grad) error {
	x, b := g.I(0), g.I(1)
	if g.In(1).Elem != g.In(0).Elem {
		b = g.Op("Cast", []string{b}, onnxio.Int("to", int64(g.In(0).Elem)))
	}
	if g.Needs(0) {
		var slope string
		if v := g.constantFloat(1); v != nil && *v == 2 {
			slope = g.Add(x, x)
		} else {
			slope = g.Mul(b, g.Op("Pow", []string{x, g.Sub(b, g.Scalar(1))}))
		}
		g.GIBroadcast(0, g.Mul(g.GO(0), slope))
	}
	if g.Needs(1) {
		g.GIBroadcast(1, g.Mul(g.GO(0), g.Mul(g.O(0), g.Op("Log", []string{x}))))
	}
	return nil
}

// constantFloat returns the single element of a constant input, nil where it is
// no such.
func (c *Infer) constantFloat(i int) *float32 {
	t, _ := c.Graph.Constant(c.Node.Input(i))
	if t == nil || t.Len() != 1 {
		return nil
	}
	if t.Elem().Float() {
		if v, err := t.Floats(); err == nil {
			return &v[0]
		}
		return nil
	}
	if v, err := t.Ints(); err == nil {
		f := float32(v[0])
		return &f
	}
	return nil
}
