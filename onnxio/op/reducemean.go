package op

import "github.com/prunefuse/prunefuse/onnxio"

var reduceMean = Def{
	Type: "ReduceMean", Since: []int64{1, 11, 13, 18},
	Shape: reduceShape, Axes: reduceAxes, Cost: free,
	Grad: reduceGrad(func(g *Grad, dy string) string {
		in, out := g.In(0).Shape.Size(), g.OutType(0).Shape.Size()
		if n, ok := in.Div(out); ok && n.IsKnown() {
			if n.Is(1) {
				return dy
			}
			return g.Mul(dy, g.Scalar(1/float32(n.Or(1))))
		}
		count := g.Op("Div", []string{g.Op("Size", []string{g.I(0)}), g.Op("Size", []string{g.O(0)})})
		return g.Div(dy, g.Op("Cast", []string{count}, onnxio.Int("to", int64(onnxio.Float32))))
	}),
	Cases: reduceCases("ReduceMean"),
}
