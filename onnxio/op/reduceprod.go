package op

import "github.com/prunefuse/prunefuse/onnxio"

var reduceProd = Def{
	Type: "ReduceProd", Since: []int64{1, 11, 13, 18},
	Shape: folding(mulDims), Axes: reduceAxes, Grad: reduceProdGrad, Cost: free,
	Cases: append(append(reduceCases("ReduceProd", X), reduceValueCases()...), Case{
		Name: "no, one and two zeros", Inputs: []Input{XOf([]float32{2, 3, -1, 0, 3, -1, 0, 0, 2}, 3, 3)}, Attrs: attrs(onnxio.Ints("axes", 1)),
	}),
}

// reduceProdGrad gives each element the product of the others. That is the
// product of those that are not zero, divided by the element where it is not
// zero itself; and zero as soon as another one is.
func reduceProdGrad(g *Grad) error {
	gone, err := g.reduced()
	if err != nil {
		return err
	}
	dy, _ := g.unreduced(g.GO(0), gone)
	axes := numbers(gone)
	if len(axes) == 0 {
		g.GI(0, dy)
		return nil
	}
	zero := g.Mask(g.Op("Equal", []string{g.I(0), g.Scalar(0)}))
	whole := g.Add(g.I(0), zero)
	others := g.Div(g.Reduce("ReduceProd", whole, true, axes...), whole)
	alone := g.Zero(g.Sub(zero, g.Sum(zero, true, axes...)))
	g.GI(0, g.Mul(g.Mul(dy, others), alone))
	return nil
}
