package op

import "github.com/prunefuse/prunefuse/onnxio"

var bernoulli = Def{
	Type: "Bernoulli", Since: []int64{15, 22},
	Jumps: true,
	Shape: drawnLikeShape, Axes: drawnLikeAxes, Grad: NoGrad("it draws at random"), Cost: free,
	Cases: []Case{
		{Name: "of a constant", Inputs: []Input{F32([]float32{0.2, 0.8, 0.5, 1}, 2, 2)}, Attrs: attrs(onnxio.Float("seed", 3))},
		{Name: "truth values", Inputs: []Input{XOf([]float32{0, 0.5, 1}, 3)}, Attrs: attrs(onnxio.Int("dtype", int64(onnxio.Bool)))},
	},
}
