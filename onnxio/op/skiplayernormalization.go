package op

import "github.com/prunefuse/prunefuse/onnxio"

var skipLayerNormalization = Def{
	Type: "SkipLayerNormalization", Domain: Microsoft, Since: []int64{1},
	Shape: skipNormShape, Axes: skipNormAxes, Cost: free,
	Grad: func(g *Grad) error { return skipNormGrad(g, true, 4) },
	// ONNX Runtime's processor kernel leaves the statistics out.
	Cases: []Case{
		{Name: "sequence", Inputs: []Input{X(2, 3, 8), X(2, 3, 8), W(8), W(8)}},
		{Name: "without beta", Inputs: []Input{X(2, 3, 8), X(2, 3, 8), W(8)}, Attrs: attrs(onnxio.Float("epsilon", 1e-2))},
		{Name: "bias", Inputs: []Input{X(2, 3, 8), X(2, 3, 8), W(8), W(8), W(8)}},
		{Name: "skip is smaller", Inputs: []Input{X(2, 3, 8), X(3, 8), W(8), W(8)}},
		{Name: "skip for one batch", Inputs: []Input{X(2, 3, 8), X(1, 3, 8), W(8), W(8)}},
		{Name: "tokens", Inputs: []Input{X(5, 8), X(5, 8), W(8), W(8)}},
		{Name: "sum", Inputs: []Input{X(2, 3, 8), X(2, 3, 8), W(8), W(8), W(8)}, Out: 4, Without: []int{1, 2}},
	},
}

const skipNormEpsilon = 1e-12

// skipNormShape is for the inputs x, skip and vectors and for the outputs y,
// two statistics and x + skip + bias.
func skipNormShape(c *Infer) error {
	if err := c.Rank(0, 1); err != nil {
		return err
	}
	for i := 1; i < len(c.Node.Inputs()); i++ {
		if err := c.onto(i); err != nil {
			return err
		}
	}
	c.Out(0, c.In(0).Elem, c.In(0).Shape)
	c.statistics(len(c.In(0).Shape) - 1)
	c.Out(3, c.In(0).Elem, c.In(0).Shape)
	return nil
}

func skipNormAxes(a *Axes) error {
	for k := range a.In(0).Shape {
		a.Same(In(0, k), Out(3, k))
	}
	return normalisedFrom(a, len(a.In(0).Shape)-1)
}

// skipNormGrad is the gradient of a normalisation of x + skip + the input
// bias, where that is given.
func skipNormGrad(g *Grad, centred bool, bias int) error {
	if g.GO(1) != "" || g.GO(2) != "" {
		return &noGradError{"the gradient by its statistics is not derived"}
	}
	x := g.Add(g.I(0), g.I(1))
	if g.Has(bias) {
		x = g.Add(x, g.I(bias))
	}
	dx := g.GO(3)
	if dy := g.GO(0); dy != "" {
		s := g.standardize(x, centred, g.Node.Float("epsilon", skipNormEpsilon), int64(len(g.In(0).Shape)-1))
		if g.Needs(2) {
			g.GIBroadcast(2, g.Mul(dy, s.hat))
		}
		if centred {
			g.GIBroadcast(3, dy)
		}
		d := g.unstandardize(s, g.Mul(dy, g.I(2)))
		if dx != "" {
			d = g.Add(d, dx)
		}
		dx = d
	}
	for _, i := range []int{0, 1, bias} {
		g.GIBroadcast(i, dx)
	}
	return nil
}
