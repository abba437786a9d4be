package op

import "github.com/prunefuse/prunefuse/onnxio"

var matMulInteger = Def{
	Type: "MatMulInteger", Since: []int64{10},
	Shape: func(c *Infer) error { return plainMatMul.shape(c, onnxio.Int32) },
	Axes: func(a *Axes) error {
		if err := plainMatMul.axes(a); err != nil {
			return err
		}
		a.perVector(2, 0, -2)
		a.perVector(3, 1, -1)
		return nil
	},
	Cost: plainMatMul.cost, Grad: NoGrad(integerArithmetic),
	Cases: []Case{
		{Name: "matrices", Inputs: []Input{Q(onnxio.Uint8, 3, 4), QW(onnxio.Int8, 4, 5)}},
		{Name: "zero points", Inputs: []Input{Q(onnxio.Uint8, 2, 3, 4), QW(onnxio.Int8, 4, 5), Points(onnxio.Uint8, 120), Points(onnxio.Int8, 0)}},
		{Name: "zero points by column", Inputs: []Input{Q(onnxio.Uint8, 2, 3, 4), QW(onnxio.Uint8, 4, 5), Points(onnxio.Uint8, 0), Points(onnxio.Uint8, 3, 120, 100, 5, 90)}},
		{Name: "opset 10", Opset: 10, Inputs: []Input{Q(onnxio.Uint8, 3, 4), QW(onnxio.Uint8, 4, 5)}},
	},
}

// perVector ties a scale or zero point, input i, to an operand of a matrix
// product, whose vectors along an axis counted from the end have one each. A
// list is by that axis alone; what has more axes lies like the operand.
func (a *Axes) perVector(i, operand, axis int) {
	s, rank := a.In(i).Shape, len(a.In(operand).Shape)
	for k := range s {
		at := rank - len(s) + k
		if len(s) == 1 {
			at = rank + axis
		}
		switch {
		case a.Dim(In(i, k)).Is(1):
			a.Free(In(i, k))
		case at < 0:
			a.Pin(In(i, k), "it lies along no axis of the operand")
		default:
			a.Same(In(operand, at), In(i, k))
		}
	}
}
