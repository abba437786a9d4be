package op

import "github.com/prunefuse/prunefuse/onnxio"

// layerNormalization came into the standard set at opset 17; ONNX Runtime
// writes it in the same form into files of any older one.
var layerNormalization = Def{
	Type: "LayerNormalization", Since: []int64{1, 17},
	Zero:  [][]int{{1, 2}},
	Shape: layerNormShape, Axes: layerNormAxes, Cost: free,
	Grad: func(g *Grad) error { return layerNormGrad(g, true, 2) },
	Cases: []Case{
		{Name: "last axis", Inputs: []Input{X(2, 3, 8), W(8), W(8)}},
		{Name: "without bias", Inputs: []Input{X(3, 8), W(8)}, Attrs: attrs(onnxio.Float("epsilon", 1e-2))},
		{Name: "from axis 1", Inputs: []Input{X(2, 3, 4), W(3, 4), W(3, 4)}, Attrs: attrs(onnxio.Int("axis", 1))},
		{Name: "from the end", Inputs: []Input{X(2, 3, 2, 4), W(2, 4), W(2, 4)}, Attrs: attrs(onnxio.Int("axis", -2))},
		{Name: "statistics", Inputs: []Input{X(2, 3, 4), W(4), W(4)}, Out: 3},
		{Name: "opset 7", Opset: 7, Inputs: []Input{X(2, 3, 8), W(8), W(8)}, Attrs: attrs(onnxio.Int("axis", -1))},
	},
}

const layerNormEpsilon = 1e-5

// layerNormShape is for inputs x, scale and bias and for statistics as
// outputs from 1 on.
func layerNormShape(c *Infer) error {
	k, err := c.Axis(-1)
	if err != nil {
		return err
	}
	for i := 1; i < 3; i++ {
		if err := c.onto(i); err != nil {
			return err
		}
	}
	c.Out(0, c.In(0).Elem, c.In(0).Shape)
	c.statistics(k)
	return nil
}

// statistics gives outputs 1 and 2 the shape of input 0 with extent 1 from
// axis k on, and the type that statistics are kept in.
func (c *Infer) statistics(k int) {
	s := c.In(0).Shape.Clone()
	for j := k; j < len(s); j++ {
		s[j] = onnxio.Known(1)
	}
	for o := 1; o < 3; o++ {
		c.Out(o, onnxio.Elem(c.Node.Int("stash_type", int64(onnxio.Float32))), s)
	}
}

func layerNormAxes(a *Axes) error {
	k, err := a.Axis(-1)
	if err != nil {
		return err
	}
	return normalisedFrom(a, k)
}

// normalisedFrom is the axis rule of normalisations over the axes from k on
// of input 0, to which the other inputs broadcast, with statistics as outputs
// 1 and 2.
func normalisedFrom(a *Axes, k int) error {
	if err := elementwise(a); err != nil {
		return err
	}
	for j := range a.In(0).Shape {
		for o := 1; o < 3; o++ {
			if j < k {
				a.Same(In(0, j), Out(o, j))
			} else {
				a.Free(Out(o, j))
			}
		}
		if j >= k {
			a.Mixes(In(0, j))
		}
	}
	return nil
}

// layerNormGrad is the gradient of y = x̂·scale + bias, through 1/σ where that
// is output inv, and through the mean where it is output 1.
func layerNormGrad(g *Grad, centred bool, inv int) error {
	k, err := g.Axis(-1)
	if err != nil {
		return err
	}
	s := g.standardize(g.I(0), centred, g.Node.Float("epsilon", layerNormEpsilon), axesFrom(k, len(g.In(0).Shape))...)
	dy := g.GO(0)
	if dy != "" && g.Needs(1) {
		g.GIBroadcast(1, g.Mul(dy, s.hat))
	}
	if dy != "" && g.Needs(2) {
		g.GIBroadcast(2, dy)
	}
	if !g.Needs(0) {
		return nil
	}
	if dy != "" {
		g.GI(0, g.unstandardize(s, g.Mul(dy, g.I(1))))
	}
	stat := g.OutType(inv).Shape
	if d := g.GO(inv); d != "" {
		d = g.Mul(d, g.Square(s.inv))
		g.GI(0, g.Neg(g.Mul(s.hat, g.share(d, g.I(0), g.In(0).Shape, s.inv, stat))))
	}
	if d := g.GO(1); d != "" && centred {
		d = g.share(d, g.I(0), g.In(0).Shape, s.inv, stat)
		g.GI(0, g.ExpandLike(d, g.OutType(1).Shape, g.I(0), g.In(0).Shape))
	}
	return nil
}
