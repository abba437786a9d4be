package op

import (
	"fmt"

	"github.com/prunefuse/prunefuse/onnxio"
)

// The inputs are those of Conv and a fourth that is added to the sum; an
// activation follows.
var fusedConv = Def{
	Type: "FusedConv", Domain: Microsoft, Since: []int64{1},
	Shape: convShape, Cost: plainConv.cost,
	Axes: func(a *Axes) error {
		if a.Has(3) {
			for k := range a.OutType(0).Shape {
				a.Same(Out(0, k), In(3, k))
			}
		}
		return plainConv.axes(a)
	},
	Grad: func(g *Grad) error {
		params := g.Node.Floats("activation_params")
		at := func(i int, def float32) float32 {
			if i < len(params) {
				return params[i]
			}
			return def
		}
		dy, err := g.throughActivation(g.Node.Str("activation", ""), at)
		if err != nil {
			return err
		}
		g.GI(3, dy)
		return convGrad(g, dy)
	},
	Cases: []Case{
		{Name: "relu", Inputs: []Input{X(2, 3, 5, 6), W(4, 3, 3, 3), W(4)}, Attrs: pads(1, 1, 1, 1, onnxio.Str("activation", "Relu"))},
		{Name: "sum", Inputs: []Input{X(2, 3, 5, 5), W(4, 3, 3, 3), W(4), X(2, 4, 3, 3)}, Attrs: attrs(onnxio.Str("activation", "Relu"))},
		{Name: "tanh", Inputs: []Input{X(1, 2, 4, 4), W(3, 2, 2, 2)}, Attrs: attrs(onnxio.Str("activation", "Tanh"))},
		{Name: "sigmoid", Inputs: []Input{X(1, 2, 4, 4), W(3, 2, 2, 2)}, Attrs: attrs(onnxio.Str("activation", "Sigmoid"))},
		{Name: "leaky relu", Inputs: []Input{X(1, 2, 4, 4), W(3, 2, 2, 2)}, Attrs: attrs(onnxio.Str("activation", "LeakyRelu"), onnxio.Floats("activation_params", 0.2))},
		{Name: "clip", Inputs: []Input{X(1, 2, 4, 4), W(3, 2, 2, 2)}, Attrs: attrs(onnxio.Str("activation", "Clip"), onnxio.Floats("activation_params", -2, 3))},
		{Name: "hard sigmoid", Inputs: []Input{X(1, 2, 4, 4), W(3, 2, 2, 2)}, Attrs: attrs(onnxio.Str("activation", "HardSigmoid"), onnxio.Floats("activation_params", 0.15, 0.5))},
		{Name: "depthwise", Inputs: []Input{X(2, 4, 5, 5), W(4, 1, 3, 3), W(4)}, Attrs: pads(1, 1, 1, 1, onnxio.Int("group", 4), onnxio.Str("activation", "Relu"))},
	},
}

// throughActivation returns the gradient before an activation whose result is
// output 0, from which its slope can be told. Parameters are numbered as
// FusedConv has them.
func (g *Grad) throughActivation(name string, param func(i int, def float32) float32) (string, error) {
	dy, y := g.GO(0), g.O(0)
	between := func(low, high float32) string {
		return g.Mul(g.Positive(g.Sub(y, g.Scalar(low))), g.Positive(g.Sub(g.Scalar(high), y)))
	}
	switch name {
	case "":
		return dy, nil
	case "Relu":
		return g.Mul(dy, g.Positive(y)), nil
	case "Tanh":
		return g.Mul(dy, g.Sub(g.Scalar(1), g.Mul(y, y))), nil
	case "Sigmoid":
		return g.Mul(dy, g.Mul(y, g.Sub(g.Scalar(1), y))), nil
	case "LeakyRelu":
		alpha := param(0, 0.01)
		if alpha <= 0 {
			break
		}
		return g.Mul(dy, g.Op("Where", []string{g.Op("Greater", []string{y, g.Scalar(0)}), g.Scalar(1), g.Scalar(alpha)})), nil
	case "Clip":
		return g.Mul(dy, between(param(0, -1e30), param(1, 1e30))), nil
	case "HardSigmoid":
		return g.Mul(dy, g.Mul(between(0, 1), g.Scalar(param(0, 0.2)))), nil
	}
	return "", &noGradError{fmt.Sprintf("the slope of its activation %s does not follow from its output", name)}
}
