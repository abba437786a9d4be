package op

import "github.com/prunefuse/prunefuse/onnxio"

var qLinearGlobalAveragePool = Def{
	Type: "QLinearGlobalAveragePool", Domain: Microsoft, Since: []int64{1},
	Shape: func(c *Infer) error {
		return quantisedPoolShape(c, func(in onnxio.Shape) onnxio.Shape {
			out := make(onnxio.Shape, len(in))
			for i := range out {
				out[i] = onnxio.Known(1)
			}
			return out
		})
	},
	Axes: quantisedPoolAxes, Cost: free, Grad: NoGrad(integerArithmetic),
	Cases: []Case{
		{Name: "image", Inputs: quantisedPoolInputs(2, 3, 4, 6)},
		{Name: "channels last", Inputs: quantisedPoolInputs(2, 4, 6, 3), Attrs: attrs(onnxio.Int("channels_last", 1))},
	},
}
