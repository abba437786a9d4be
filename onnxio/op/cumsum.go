package op

import (
	"fmt"

	"github.com/prunefuse/prunefuse/onnxio"
)

var cumSum = Def{
	Type: "CumSum", Since: []int64{11, 14},
	Shape: func(c *Infer) error {
		if _, _, err := cumSumAxis(c); err != nil {
			return err
		}
		return sameAsInput(c)
	},
	Axes: func(a *Axes) error {
		k, known, err := cumSumAxis(a.Infer)
		if err != nil {
			return err
		}
		if !known {
			a.PinAll("the axis it sums along is computed at run time")
			return nil
		}
		a.Pin(In(0, k), "each element is the sum of those before it")
		return alike(a)
	},
	// The gradients are summed the other way.
	Grad: func(g *Grad) error {
		g.GI(0, g.Op("CumSum", []string{g.GO(0), g.I(1)},
			onnxio.Int("exclusive", g.Node.Int("exclusive", 0)), onnxio.Int("reverse", 1-g.Node.Int("reverse", 0))))
		return nil
	},
	Cost: free,
	Cases: []Case{
		{Name: "sequence", Inputs: []Input{X(2, 5, 3), I0(1)}},
		{Name: "from the end", Inputs: []Input{X(2, 5, 3), I64(-1)}},
		{Name: "exclusive", Inputs: []Input{X(2, 5), I0(1)}, Attrs: attrs(onnxio.Int("exclusive", 1))},
		{Name: "reverse", Inputs: []Input{X(2, 5), I0(1)}, Attrs: attrs(onnxio.Int("reverse", 1))},
		{Name: "both", Inputs: []Input{X(2, 5), I0(0)}, Attrs: attrs(onnxio.Int("reverse", 1), onnxio.Int("exclusive", 1))},
		{Name: "opset 11", Opset: 11, Inputs: []Input{X(2, 5), I0(1)}},
	},
}

// cumSumAxis returns the axis that is summed along, where it is known.
func cumSumAxis(c *Infer) (k int, known bool, err error) {
	v, ok := c.Ints(1)
	if !ok {
		return 0, false, nil
	}
	if len(v) == 1 {
		if k, ok = c.In(0).Shape.Axis(v[0]); ok {
			return k, true, nil
		}
	}
	return 0, false, fmt.Errorf("axis %v is not one of shape %v", v, c.In(0).Shape)
}
