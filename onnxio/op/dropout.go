package op

import (
	"fmt"

	"github.com/prunefuse/prunefuse/onnxio"
)

// dropout is the identity in inference. In training each element is kept
// with probability 1−ratio and divided by it, by uniform draws that are fed,
// so that a run can be repeated and resumed.
var dropout = Def{
	Type: "Dropout", Since: []int64{1, 6, 7, 10, 12, 13, 22},
	Zero: zeroAtZero,
	Shape: func(c *Infer) error {
		c.Out(0, c.In(0).Elem, c.In(0).Shape)
		mask := onnxio.Bool
		if c.Opset < 10 {
			mask = c.In(0).Elem
		}
		c.Out(1, mask, c.In(0).Shape)
		return nil
	},
	Axes: alike, Cost: free, Train: dropoutTrain,
	Grad: func(g *Grad) error {
		if mask := g.Saved("mask"); mask != "" {
			g.GI(0, g.Mul(g.GO(0), mask))
		} else {
			g.GI(0, g.GO(0))
		}
		return nil
	},
	Upgrade: func(u *Upgrade) error {
		if u.From >= 12 {
			return nil
		}
		if mask := u.Node.Output(1); mask != "" && u.From < 10 {
			if len(u.Graph.Consumers(mask)) > 0 || u.Graph.IsOutput(mask) {
				return fmt.Errorf("output %q, the mask, is read, and was no bool before opset 10; export the model anew", mask)
			}
			u.Patch.SetOutputs(u.Node, u.Node.Output(0))
		}
		ratio, err := u.Like(u.Node.Float("ratio", dropoutRatio), u.In(0).Elem)
		if err != nil {
			return err
		}
		u.Patch.SetInput(u.Node, 1, ratio)
		u.Patch.DropAttr(u.Node, "ratio")
		return nil
	},
	Cases: []Case{
		{Name: "default ratio", Inputs: []Input{X(4, 6)}},
		{Name: "ratio", Inputs: []Input{X(4, 6), F32([]float32{0.2})}, NoGrad: []int{1}},
		{Name: "nothing dropped", Inputs: []Input{X(4, 6), F32([]float32{0})}, NoGrad: []int{1}},
		{Name: "mask output", Inputs: []Input{X(4, 6)}, Out: 2},
		{Name: "opset 7", Opset: 7, Inputs: []Input{X(4, 6)}, Attrs: attrs(onnxio.Float("ratio", 0.3))},
	},
}

const dropoutRatio = 0.5

func dropoutTrain(t *Train) error {
	ratio := float32(dropoutRatio)
	if t.Has(1) {
		c, _ := t.Graph.Constant(t.Node.Input(1))
		if c == nil {
			return fmt.Errorf("ratio %q is computed at run time", t.Node.Input(1))
		}
		v, err := c.Floats()
		if err != nil || len(v) != 1 {
			return fmt.Errorf("ratio %q is no single float", t.Node.Input(1))
		}
		ratio = v[0]
	}
	x, y := t.Node.Input(0), t.Node.Output(0)
	switch {
	case !(ratio >= 0 && ratio < 1):
		return fmt.Errorf("ratio %v: want a share below 1", ratio)
	case ratio == 0:
		t.Into(y, "Identity", []string{x})
		if kept := t.Node.Output(1); kept != "" {
			t.Into(kept, "Cast", []string{t.Op("ConstantOfShape", []string{t.Op("Shape", []string{x})}, onnxio.TensorValue("value", onnxio.NewTensor("", []int64{1}, []int64{1})))}, onnxio.Int("to", int64(onnxio.Bool)))
		}
		return nil
	}
	draw := t.Patch.Fresh(y + ".uniform")
	t.Uniform[draw] = onnxio.Type{Elem: onnxio.Float32, Shape: t.In(0).Shape}
	// The mask is 0 or 1/(1−ratio), in one pass after the comparison.
	beyond := t.Mul(t.Sub(draw, t.Scalar(ratio)), t.Scalar(1e30))
	mask := t.Op("Clip", []string{beyond, t.Scalar(0), t.Scalar(1 / (1 - ratio))})
	t.Save("mask", mask)
	t.Into(y, "Mul", []string{x, mask})
	if kept := t.Node.Output(1); kept != "" {
		t.Into(kept, "Cast", []string{mask}, onnxio.Int("to", int64(onnxio.Bool)))
	}
	return nil
}
