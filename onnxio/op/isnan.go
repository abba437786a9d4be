package op

import (
	"fmt"
	"math"

	"github.com/prunefuse/prunefuse/onnxio"
)

var isNaN = Def{
	Type: "IsNaN", Since: []int64{9, 13, 20},
	Shape: truthOfInput, Axes: alike, Grad: NoGrad(truthHasNone), Cost: free,
	Cases: nonNumberCases(9, 13, 20),
}

// truthOfInput is the shape rule of tests of each element.
func truthOfInput(c *Infer) error {
	c.Out(0, onnxio.Bool, c.In(0).Shape)
	return nil
}

// nonNumbers are operands that are not all numbers.
func nonNumbers() Input {
	return XOf([]float32{float32(math.NaN()), float32(math.Inf(1)), 1, 0, float32(math.Inf(-1)), -2}, 2, 3)
}

// nonNumberCases have them at each opset.
func nonNumberCases(opsets ...int64) []Case {
	cases := unaryCasesOf(X, opsets[0])
	for _, v := range opsets {
		cases = append(cases, Case{Name: fmt.Sprintf("no numbers, opset %d", v), Opset: v, Inputs: []Input{nonNumbers()}})
	}
	return cases
}
