package op

import "github.com/prunefuse/prunefuse/onnxio"

var hannWindow = windowFunction("HannWindow")

// windowFunction returns an operator that makes the weights of a window of so
// many samples.
func windowFunction(name string) Def {
	return Def{
		Type: name, Since: []int64{17},
		Shape: func(c *Infer) error {
			c.Out(0, onnxio.Elem(c.Node.Int("output_datatype", int64(onnxio.Float32))), onnxio.Shape{c.scalar(0)})
			return nil
		},
		Axes: Opaque("every weight depends on how many there are"), Cost: free, Grad: NoGrad("its input is a number of samples"),
		Cases: []Case{
			{Name: "periodic", Inputs: []Input{I0(8)}},
			{Name: "symmetric", Inputs: []Input{I0(7)}, Attrs: attrs(onnxio.Int("periodic", 0))},
			{Name: "double", Inputs: []Input{I0(4)}, Attrs: attrs(onnxio.Int("output_datatype", int64(onnxio.Float64)))},
		},
	}
}
