package op

import "github.com/prunefuse/prunefuse/onnxio"

var instanceNormalization = Def{
	Type: "InstanceNormalization", Since: []int64{1, 6, 22},
	Zero: [][]int{{1, 2}},
	Shape: func(c *Infer) error {
		if err := c.Rank(0, 3); err != nil {
			return err
		}
		for i := 1; i < 3; i++ {
			if err := c.vector(i, c.In(0).Shape[1]); err != nil {
				return err
			}
		}
		return sameAsInput(c)
	},
	Axes: func(a *Axes) error {
		for k := range a.In(0).Shape {
			a.Same(In(0, k), Out(0, k))
			if k > 1 {
				a.Mixes(In(0, k))
			}
		}
		a.Same(In(0, 1), In(1, 0), In(2, 0))
		return nil
	},
	Grad: func(g *Grad) error {
		rank := len(g.In(0).Shape)
		s := g.standardize(g.I(0), true, g.Node.Float("epsilon", instanceNormEpsilon), axesFrom(2, rank)...)
		if g.Needs(1) {
			g.GI(1, g.perChannel(g.Mul(g.GO(0), s.hat), rank))
		}
		if g.Needs(2) {
			g.GI(2, g.perChannel(g.GO(0), rank))
		}
		if g.Needs(0) {
			g.GI(0, g.unstandardize(s, g.Mul(g.GO(0), g.column(g.I(1), rank))))
		}
		return nil
	},
	Cost: free,
	Cases: []Case{
		{Name: "image", Inputs: []Input{X(2, 3, 4, 5), W(3), W(3)}},
		{Name: "one spatial axis", Inputs: []Input{X(2, 3, 6), W(3), W(3)}, Attrs: attrs(onnxio.Float("epsilon", 1e-2))},
		{Name: "volume", Inputs: []Input{X(2, 3, 2, 2, 3), W(3), W(3)}},
		{Name: "opset 7", Opset: 7, Inputs: []Input{X(2, 3, 4, 5), W(3), W(3)}},
		{Name: "opset 22", Opset: 22, Inputs: []Input{X(2, 3, 4, 5), W(3), W(3)}},
	},
}

const instanceNormEpsilon = 1e-5
