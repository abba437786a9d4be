package op

import "slices"

var maximum = Def{
	Type: "Max", Since: []int64{1, 6, 8, 12, 13},
	Shape: computing(arithmetic(chosenDims(func(a, b int64) int64 { return max(a, b) })), slices.Max[[]float32]), Axes: elementwise, Grad: extremeGrad, Cost: free,
	Cases: extremeCases(),
}

// extremeCases are operands of which no two elements that meet are equal.
func extremeCases() []Case {
	row := []float32{-1.3, 0.1, 1.7}
	return []Case{
		{Name: "one", Inputs: []Input{X(2, 3)}},
		{Name: "two", Inputs: []Input{XOf([]float32{-1, 2, 0.3, 4, -5, 6}, 2, 3), F32([]float32{1, -2, 0.7, 3, -4, 8}, 2, 3)}},
		{Name: "zero", Inputs: []Input{X(2, 3, 4), F32([]float32{0})}},
		{Name: "three broadcast", Inputs: []Input{X(2, 3), F32(row, 3), F32([]float32{-0.7, 0.45}, 2, 1)}},
		{Name: "opset 8", Opset: 8, Inputs: []Input{X(2, 3), F32(row, 3)}},
		{Name: "of a shape", Inputs: []Input{I64(2, 8, 1), I64(1, 9, 1)}},
	}
}

// extremeGrad is the gradient of Max and Min: it goes to the operand that
// was chosen, in equal parts to operands that tie.
func extremeGrad(g *Grad) error {
	n := len(g.Node.Inputs())
	if n == 1 {
		g.GI(0, g.GO(0))
		return nil
	}
	chosen := make([]string, n)
	for i := range chosen {
		chosen[i] = g.Mask(g.Op("Equal", []string{g.I(i), g.O(0)}))
	}
	share := g.Div(g.GO(0), g.Op("Sum", chosen))
	for i := range chosen {
		if g.Needs(i) {
			g.GIBroadcast(i, g.Mul(chosen[i], share))
		}
	}
	return nil
}
