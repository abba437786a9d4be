package op

import "github.com/prunefuse/prunefuse/onnxio"

var clip = Def{
	Type: "Clip", Since: []int64{1, 6, 11, 12, 13},
	Shape: func(c *Infer) error {
		c.Out(0, c.In(0).Elem, c.In(0).Shape)
		return nil
	},
	Axes: alike, Grad: clipGrad, Cost: free,
	Upgrade: func(u *Upgrade) error {
		if u.From >= 11 {
			return nil
		}
		for i, name := range []string{"min", "max"} {
			if u.Node.Has(name) {
				bound, err := u.Like(u.Node.Float(name, 0), u.In(0).Elem)
				if err != nil {
					return err
				}
				u.Patch.SetInput(u.Node, i+1, bound)
				u.Patch.DropAttr(u.Node, name)
			}
		}
		return nil
	},
	Cases: []Case{
		{Name: "ReLU6", Inputs: []Input{XOf([]float32{-2, -0.5, 0.5, 3, 5.5, 6.5, 8, 1}, 2, 4), F32([]float32{0}), F32([]float32{6})}},
		{Name: "min", Inputs: []Input{X(2, 8), F32([]float32{0})}},
		{Name: "max", Inputs: []Input{X(2, 8), None(), F32([]float32{0.5})}},
		{Name: "neither", Inputs: []Input{X(2, 8)}},
		{Name: "opset 7", Opset: 7, Inputs: []Input{X(2, 8)}, Attrs: attrs(onnxio.Float("min", -1), onnxio.Float("max", 1))},
		{Name: "opset 10, max", Opset: 10, Inputs: []Input{X(2, 8)}, Attrs: attrs(onnxio.Float("max", 1))},
	},
}

// clipGrad passes the gradient where the operand lies strictly between the
// bounds, and to a bound where the operand lies beyond it.
func clipGrad(g *Grad) error {
	dy := g.GO(0)
	if g.Needs(0) {
		inside := ""
		switch low, high := g.I(1), g.I(2); {
		case low != "" && high != "":
			inside = g.Positive(g.Mul(g.Sub(g.O(0), low), g.Sub(high, g.O(0))))
		case low != "":
			inside = g.Positive(g.Sub(g.O(0), low))
		case high != "":
			inside = g.Positive(g.Sub(high, g.O(0)))
		}
		if inside == "" {
			g.GI(0, dy)
		} else {
			g.GI(0, g.Mul(inside, dy))
		}
	}
	for i, beyond := range []string{"Less", "Greater"} {
		if g.Needs(i + 1) {
			out := g.Mask(g.Op(beyond, []string{g.I(0), g.I(i + 1)}))
			g.GI(i+1, g.Op("ReduceSum", []string{g.Mul(out, dy)}, keepDims(false)))
		}
	}
	return nil
}
