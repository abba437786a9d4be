package op

import (
	"fmt"

	"github.com/prunefuse/prunefuse/onnxio"
)

var lpNormalization = Def{
	Type: "LpNormalization", Since: []int64{1, 22},
	Shape: func(c *Infer) error {
		if _, err := c.Axis(-1); err != nil {
			return err
		}
		if p := c.Node.Int("p", 2); p != 1 && p != 2 {
			return fmt.Errorf("p is %d, want 1 or 2", p)
		}
		return sameAsInput(c)
	},
	Axes: func(a *Axes) error {
		k, err := a.Axis(-1)
		if err != nil {
			return err
		}
		a.Mixes(In(0, k))
		return alike(a)
	},
	// dx = (dy − n·Σ dy·y)/‖x‖ where n, the derivative of the norm, is y for
	// p = 2 and the sign of x for p = 1.
	Grad: func(g *Grad) error {
		k, err := g.Axis(-1)
		if err != nil {
			return err
		}
		along := g.Sum(g.Mul(g.GO(0), g.O(0)), true, int64(k))
		direction, norm := g.O(0), ""
		if g.Node.Int("p", 2) == 1 {
			direction = g.Of("Sign", g.I(0))
			norm = g.Sum(g.Of("Abs", g.I(0)), true, int64(k))
		} else {
			norm = g.Of("Sqrt", g.Sum(g.Square(g.I(0)), true, int64(k)))
		}
		g.GI(0, g.Div(g.Sub(g.GO(0), g.Mul(direction, along)), g.aboveZero(norm)))
		return nil
	},
	Cost: free,
	Cases: []Case{
		{Name: "last axis", Inputs: []Input{X(2, 3, 4)}},
		{Name: "channels", Inputs: []Input{X(2, 3, 4)}, Attrs: attrs(onnxio.Int("axis", 1))},
		{Name: "sum of magnitudes", Inputs: []Input{X(3, 5)}, Attrs: attrs(onnxio.Int("p", 1), onnxio.Int("axis", -1))},
		{Name: "opset 7", Opset: 7, Inputs: []Input{X(3, 5)}, Attrs: attrs(onnxio.Int("axis", 0), onnxio.Int("p", 2))},
		{Name: "opset 22", Opset: 22, Inputs: []Input{X(3, 5)}},
	},
}
