package op

import "github.com/prunefuse/prunefuse/onnxio"

var reduceMax = Def{
	Type: "ReduceMax", Since: []int64{1, 11, 12, 13, 18, 20},
	Shape: reduceShape, Axes: reduceAxes, Cost: free,
	// The gradient goes to the greatest element, in equal parts to elements
	// that tie.
	Grad: func(g *Grad) error {
		gone, err := reduced(g.Infer)
		if err != nil {
			return err
		}
		if gone == nil {
			return &noGradError{"the axes it reduces are computed at run time"}
		}
		y, _ := g.unreduced(g.O(0), gone)
		dy, _ := g.unreduced(g.GO(0), gone)
		chosen := g.Mask(g.Op("Equal", []string{g.I(0), y}))
		var axes []int64
		for k, r := range gone {
			if r {
				axes = append(axes, int64(k))
			}
		}
		if axes != nil {
			dy = g.Div(dy, g.Sum(chosen, true, axes...))
		}
		g.GI(0, g.Mul(chosen, dy))
		return nil
	},
	Cases: append(reduceCases("ReduceMax"), Case{Name: "integers", Inputs: []Input{{Elem: onnxio.Int64, Shape: []int64{2, 3}}}, Attrs: attrs(onnxio.Ints("axes", 1))}),
}
