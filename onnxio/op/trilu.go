package op

import "github.com/prunefuse/prunefuse/onnxio"

var trilu = Def{
	Type: "Trilu", Since: []int64{14},
	Shape: func(c *Infer) error {
		if err := c.Rank(0, 2); err != nil {
			return err
		}
		return sameAsInput(c)
	},
	Axes: func(a *Axes) error {
		rank := len(a.In(0).Shape)
		return a.alikeBut("it keeps a triangle", rank-2, rank-1)
	},
	Grad: func(g *Grad) error {
		in := append([]string{g.GO(0)}, g.Node.Inputs()[1:]...)
		g.GI(0, g.Op("Trilu", in, g.Node.Attrs()...))
		return nil
	},
	Cost: free,
	Cases: []Case{
		{Name: "upper", Inputs: []Input{X(3, 4)}},
		{Name: "lower", Inputs: []Input{X(2, 3, 4)}, Attrs: attrs(onnxio.Int("upper", 0))},
		{Name: "above the diagonal", Inputs: []Input{X(2, 3, 4), I0(1)}},
		{Name: "below a diagonal", Inputs: []Input{X(2, 2, 3, 3), I0(-1)}, Attrs: attrs(onnxio.Int("upper", 0))},
	},
}
