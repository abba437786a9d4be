package op

import (
	"fmt"

	"github.com/prunefuse/prunefuse/onnxio"
)

// integerArithmetic is why quantised operators have no gradient.
const integerArithmetic = "it computes with whole numbers"

var quantizeLinear = Def{
	Type: "QuantizeLinear", Since: []int64{10, 13, 19, 21, 23},
	Shape: func(c *Infer) error {
		elem := onnxio.Uint8
		switch to := onnxio.Elem(c.Node.Int("output_dtype", 0)); {
		case c.Has(2):
			elem = c.In(2).Elem
		case to != onnxio.Undefined:
			elem = to
		}
		c.Out(0, elem, c.In(0).Shape)
		return scalesFit(c)
	},
	Axes: scaledAxes, Cost: free, Grad: NoGrad("it rounds to whole numbers"),
	Cases: []Case{
		{Name: "no zero point", Inputs: []Input{XPos(2, 3, 4), Scales(0.02)}},
		{Name: "zero point", Inputs: []Input{X(2, 3, 4), Scales(0.05), Points(onnxio.Uint8, 117)}},
		{Name: "signed", Inputs: []Input{X(2, 3, 4), Scales(0.05), Points(onnxio.Int8, -3)}},
		{Name: "by channel", Inputs: []Input{X(2, 3, 4), Scales(0.05, 0.1, 0.2), Points(onnxio.Uint8, 100, 128, 90)}},
		{Name: "by last axis", Inputs: []Input{X(2, 3, 2), Scales(0.05, 0.1), Points(onnxio.Int8, 0, 5)}, Attrs: attrs(onnxio.Int("axis", -1))},
		{Name: "one scale in a list", Inputs: []Input{X(2, 3), F32([]float32{0.05}, 1), {Shape: []int64{1}, Ints: []int64{9}, Elem: onnxio.Uint8, Const: true}}, Attrs: attrs(onnxio.Int("axis", 0))},
		{Name: "opset 10", Opset: 10, Inputs: []Input{X(2, 3, 4), Scales(0.05), Points(onnxio.Uint8, 117)}},
		{Name: "opset 19", Opset: 19, Inputs: []Input{X(2, 3, 4), Scales(0.05, 0.1, 0.2), Points(onnxio.Int8, 0, 0, 0)}},
		{Name: "blocks", Opset: 21, Inputs: []Input{X(2, 6, 4), Pos(2, 3, 4), {Shape: []int64{2, 3, 4}, Elem: onnxio.Uint8, Const: true}}, Attrs: attrs(onnxio.Int("block_size", 2))},
		{Name: "last block short", Opset: 21, Inputs: []Input{X(2, 4, 5), Pos(2, 4, 2)}, Attrs: attrs(onnxio.Int("block_size", 3), onnxio.Int("axis", 2))},
		{Name: "stated type", Opset: 21, Inputs: []Input{X(2, 3), Scales(0.05)}, Attrs: attrs(onnxio.Int("output_dtype", int64(onnxio.Int16)))},
	},
}

// scalesFit checks the scale and zero point, inputs 1 and 2, of an operator
// that quantises its input 0 as a whole, by the indices of one axis, or by
// blocks along one.
func scalesFit(c *Infer) error {
	x := c.In(0).Shape
	for i := 1; i < 3; i++ {
		if s := c.In(i).Shape; c.Has(i) && len(s) > 1 && len(s) != len(x) {
			return fmt.Errorf("input %d (%q) of shape %v scales none of %v", i, c.Node.Input(i), s, x)
		}
	}
	return nil
}

// scaledAxes is the axis rule of those operators: of blocks all indices go or
// none.
func scaledAxes(a *Axes) error {
	if a.In(0).Elem.Bits() < 8 || a.OutType(0).Elem.Bits() < 8 {
		a.PinAll("several of its elements share a byte")
		return nil
	}
	for k := range a.In(0).Shape {
		a.Same(In(0, k), Out(0, k))
	}
	for i := 1; i < 3; i++ {
		s := a.In(i).Shape
		if !a.Has(i) || s.Size().Is(1) {
			for k := range s {
				a.Free(In(i, k))
			}
			continue
		}
		axis, err := a.Axis(1)
		if err != nil {
			return err
		}
		if len(s) == 1 {
			a.Same(In(0, axis), In(i, 0))
			continue
		}
		for k := range s {
			if k != axis {
				a.Same(In(0, k), In(i, k))
				continue
			}
			n, size := int(a.Dim(In(0, k)).Or(0)), max(int(a.Node.Int("block_size", 1)), 1)
			block := span(0, n)
			for p := range block {
				block[p] = min(p/size, int(s[k].Or(1))-1)
			}
			a.Match(In(0, k), In(i, k), span(0, n), block)
		}
	}
	return nil
}
