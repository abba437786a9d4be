package op

import "github.com/prunefuse/prunefuse/onnxio"

// The inputs are the number of bands, the length of the transform, the
// sample rate, and the lowest and highest frequency.
var melWeightMatrix = Def{
	Type: "MelWeightMatrix", Since: []int64{17},
	Shape: func(c *Infer) error {
		c.Out(0, onnxio.Elem(c.Node.Int("output_datatype", int64(onnxio.Float32))), onnxio.Shape{half(c.scalar(1)), c.scalar(0)})
		return nil
	},
	Axes: Opaque("every weight depends on how many there are"), Cost: free, Grad: NoGrad("its weights follow from constants"),
	Cases: []Case{
		{Name: "8 bands", Inputs: []Input{I0(8), I0(16), I0(8192), F32([]float32{0}), F32([]float32{4096})}},
	},
}
