package op

import (
	"fmt"
)

// unaryCases are the shapes on which operators of one operand are checked.
func unaryCases() []Case {
	return []Case{
		{Name: "image", Inputs: []Input{X(2, 3, 4, 4)}},
		{Name: "vector", Inputs: []Input{X(7)}},
		{Name: "scalar", Inputs: []Input{X()}},
		{Name: "opset 7", Opset: 7, Inputs: []Input{X(2, 5)}},
	}
}

// positiveCases are those for operands above zero.
func positiveCases() []Case {
	return []Case{
		{Name: "image", Inputs: []Input{XPos(2, 3, 4, 4)}},
		{Name: "vector", Inputs: []Input{XPos(7)}},
		{Name: "scalar", Inputs: []Input{XPos()}},
		{Name: "opset 7", Opset: 7, Inputs: []Input{XPos(2, 5)}},
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

// Axis is the node's attribute "axis", def where absent, as a number from 0
// for input 0.
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
