package op

import (
	"fmt"

	"github.com/prunefuse/prunefuse/onnxio"
)

// The inputs are x, w, the offsets [N,offset_group·k·axes,spatial…], a bias
// and a mask [N,offset_group·k,spatial…].
var deformedConv = convForm{x: 0, w: 1, perOut: []int{3}}

var deformConv = Def{
	Type: "DeformConv", Since: []int64{19, 22},
	Shape: func(c *Infer) error {
		if c.Has(3) && len(c.In(3).Shape) != 1 {
			return fmt.Errorf("bias %v: want one axis", c.In(3).Shape)
		}
		return deformedConv.shape(c, c.In(0).Elem)
	},
	Axes: deformConvAxes, Cost: deformedConv.cost, Linear: &Linear{Bias: 3, Axis: 1},
	Decompose: deformConvDecomposition, Grad: throughDecomposition,
	Cases: []Case{
		{Name: "2x2", Opset: 19, Inputs: []Input{X(2, 3, 4, 4), W(4, 3, 2, 2), X(2, 8, 3, 3)}},
		{Name: "bias and mask", Opset: 19, Inputs: []Input{X(2, 3, 4, 4), W(4, 3, 2, 2), X(2, 8, 3, 3), W(4), X(2, 4, 3, 3)}},
		{Name: "padded", Opset: 19, Inputs: []Input{X(1, 3, 4, 4), W(4, 3, 3, 3), X(1, 18, 4, 4)}, Attrs: pads(1, 1, 1, 1)},
		{Name: "offset groups", Opset: 19, Inputs: []Input{X(1, 4, 4, 4), W(4, 4, 2, 2), X(1, 16, 3, 3), None(), X(1, 8, 3, 3)}, Attrs: attrs(onnxio.Int("offset_group", 2))},
		{Name: "groups", Opset: 19, Inputs: []Input{X(1, 4, 4, 4), W(6, 2, 2, 2), X(1, 8, 3, 3)}, Attrs: attrs(onnxio.Int("group", 2))},
		{Name: "opset 22", Opset: 22, Inputs: []Input{X(1, 3, 4, 4), W(4, 3, 2, 2), X(1, 8, 3, 3)}},
	},
}

func deformConvAxes(a *Axes) error {
	if err := deformedConv.axes(a); err != nil {
		return err
	}
	if n := int(a.Node.Int("offset_group", 1)); n > 1 {
		if c, ok := a.Dim(In(0, 1)).Value(); !ok || c%int64(n) != 0 {
			return fmt.Errorf("offset_group %d does not divide the %v channels", n, a.Dim(In(0, 1)))
		}
		a.Equal(In(0, 1), n)
	}
	for _, i := range []int{2, 4} {
		if !a.Has(i) {
			continue
		}
		a.Same(In(0, 0), In(i, 0))
		for k := 1; k < len(a.In(i).Shape); k++ {
			a.Pin(In(i, k), "it says where the kernel's positions lie")
		}
	}
	return nil
}
