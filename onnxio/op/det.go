package op

import "fmt"

var det = Def{
	Type: "Det", Since: []int64{11, 22},
	Shape: func(c *Infer) error {
		x := c.In(0).Shape
		n := len(x)
		if n < 2 || (x[n-1].IsKnown() && x[n-2].IsKnown() && x[n-1] != x[n-2]) {
			return fmt.Errorf("input %v: want square matrices", x)
		}
		c.Out(0, c.In(0).Elem, x[:n-2].Clone())
		return nil
	},
	Axes: func(a *Axes) error {
		n := len(a.In(0).Shape)
		for k := range n - 2 {
			a.Same(In(0, k), Out(0, k))
		}
		for k := n - 2; k < n; k++ {
			a.Pin(In(0, k), "its determinant is of the whole matrix")
		}
		return nil
	},
	Cost: free, Decompose: detDecomposition, Grad: throughDecomposition,
	Cases: []Case{
		{Name: "matrix", Inputs: []Input{X(3, 3)}, Fixed: true},
		{Name: "of four", Inputs: []Input{X(2, 4, 4)}},
		{Name: "single", Inputs: []Input{X(3, 1, 1)}},
		{Name: "batched", Inputs: []Input{X(2, 3, 2, 2)}},
		{Name: "opset 11", Opset: 11, Inputs: []Input{X(2, 3, 3)}},
		{Name: "opset 22", Opset: 22, Inputs: []Input{X(2, 3, 3)}},
	},
}
