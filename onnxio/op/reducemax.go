package op

import "github.com/prunefuse/prunefuse/onnxio"

var reduceMax = Def{
	Type: "ReduceMax", Since: []int64{1, 11, 12, 13, 18, 20},
	Shape: folding(chosenDims(func(a, b int64) int64 { return max(a, b) })), Axes: reduceAxes, Grad: reduceExtremeGrad, Cost: free,
	Cases: reduceExtremeCases("ReduceMax"),
}

func reduceExtremeCases(op string) []Case {
	integers := Case{Name: "integers", Inputs: []Input{{Elem: onnxio.Int64, Shape: []int64{2, 3}}}, Attrs: attrs(onnxio.Ints("axes", 1))}
	bools := Case{Name: "truth values", Opset: 20, Inputs: []Input{Bools([]int64{1, 0, 0, 0, 1, 1}, 2, 3), I64(1)}}
	return append(append(reduceCases(op, X), integers, bools), reduceValueCases()...)
}

// reduceExtremeGrad gives the gradient to the element that was chosen, in
// equal parts to elements that tie.
func reduceExtremeGrad(g *Grad) error {
	gone, err := g.reduced()
	if err != nil {
		return err
	}
	y, _ := g.unreduced(g.O(0), gone)
	dy, _ := g.unreduced(g.GO(0), gone)
	chosen := g.Mask(g.Op("Equal", []string{g.I(0), y}))
	if axes := numbers(gone); len(axes) > 0 {
		dy = g.Div(dy, g.Sum(chosen, true, axes...))
	}
	g.GI(0, g.Mul(chosen, dy))
	return nil
}
