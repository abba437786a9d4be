package op

import "github.com/prunefuse/prunefuse/onnxio"

var qLinearAdd = quantisedBinary("QLinearAdd")

// quantisedBinary returns an elementwise operator of two quantised operands: a,
// its scale and zero point, b, its scale and zero point, and the output's.
func quantisedBinary(name string) Def {
	u := onnxio.Uint8
	with := func(a, b Input) []Input {
		return []Input{a, Scales(0.02), Points(a.Elem, 100), b, Scales(0.03), Points(b.Elem, 90), Scales(0.08), Points(a.Elem, 110)}
	}
	return Def{
		Type: name, Domain: Microsoft, Since: []int64{1},
		Shape: func(c *Infer) error {
			s, err := Broadcast(c.In(0).Shape, c.In(3).Shape)
			if err != nil {
				return err
			}
			c.Out(0, c.In(0).Elem, s)
			return nil
		},
		Axes: func(a *Axes) error {
			rank := len(a.OutType(0).Shape)
			for _, i := range []int{0, 3} {
				s := a.In(i).Shape
				for k := range s {
					a.alignedTo(Out(0, rank-len(s)+k), In(i, k))
				}
			}
			return nil
		},
		Cost: free, Grad: NoGrad(integerArithmetic),
		Cases: []Case{
			{Name: "same", Inputs: with(Q(u, 2, 3, 4), Q(u, 2, 3, 4))},
			{Name: "channel", Inputs: with(Q(u, 2, 3, 4, 4), QW(u, 3, 1, 1))},
			{Name: "left is smaller", Inputs: with(QW(u, 3, 1), Q(u, 2, 3, 4))},
			{Name: "signed", Inputs: with(Q(onnxio.Int8, 2, 3), Q(onnxio.Int8, 2, 3))},
		},
	}
}
