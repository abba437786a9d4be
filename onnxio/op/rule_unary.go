package op

import (
	"fmt"

	"github.com/prunefuse/prunefuse/onnxio"
)

// unaryCases returns the shapes on which operators of one operand are checked.
func unaryCases() []Case { return unaryCasesOf(X, MinOpset) }

// positiveCases returns those for operands above zero.
func positiveCases() []Case { return unaryCasesOf(XPos, MinOpset) }

// unaryCasesOf returns the cases of one operand, made by in, with one for each
// opset listed, of which the first is the oldest that has the operator.
func unaryCasesOf(in func(shape ...int64) Input, opsets ...int64) []Case {
	at := max(opsets[0], onnxio.NewOpset)
	cases := []Case{
		{Name: "image", Opset: at, Inputs: []Input{in(2, 3, 4, 4)}},
		{Name: "vector", Opset: at, Inputs: []Input{in(7)}},
		{Name: "scalar", Opset: at, Inputs: []Input{in()}},
	}
	for _, v := range opsets {
		cases = append(cases, Case{Name: fmt.Sprintf("opset %d", v), Opset: v, Inputs: []Input{in(2, 5)}})
	}
	return cases
}

// within makes operands spread evenly between two bounds, for functions that
// are not defined or too steep elsewhere.
func within(low, high float32) func(shape ...int64) Input {
	return func(shape ...int64) Input {
		n := int64(1)
		for _, d := range shape {
			n *= d
		}
		v := make([]float32, n)
		for i := range v {
			v[i] = low + (high-low)*(float32(i)+0.5)/float32(n)
		}
		return XOf(v, shape...)
	}
}

// sloped returns the gradient of a function of each element of input 0, whose
// derivative is slope.
func sloped(slope func(g *Grad) string) func(*Grad) error {
	return func(g *Grad) error {
		g.GI(0, g.Mul(g.GO(0), slope(g)))
		return nil
	}
}

// flat is the gradient of a function whose derivative is zero wherever it
// has one: nothing is passed on.
func flat(*Grad) error { return nil }

// reshaped is the gradient of operators that only change the shape of input
// 0.
func reshaped(g *Grad) error {
	if g.Needs(0) {
		g.GI(0, g.ReshapeLike(g.GO(0), g.I(0), g.In(0).Shape))
	}
	return nil
}

// Axis returns the node's attribute "axis", def where absent, as a number from
// 0 for input 0.
func (c *Infer) Axis(def int64) (int, error) {
	a := c.Node.Int("axis", def)
	k, ok := c.In(0).Shape.Axis(a)
	if !ok {
		return 0, fmt.Errorf("axis %d is not one of shape %v", a, c.In(0).Shape)
	}
	return k, nil
}

// axisSet marks the listed axes, which may count from the end, among rank.
func axisSet(list []int64, rank int) ([]bool, error) {
	set := make([]bool, rank)
	for _, a := range list {
		k := a
		if k < 0 {
			k += int64(rank)
		}
		if k < 0 || k >= int64(rank) {
			return nil, fmt.Errorf("axis %d is not one of %d", a, rank)
		}
		if set[k] {
			return nil, fmt.Errorf("axis %d is listed twice", a)
		}
		set[k] = true
	}
	return set, nil
}
