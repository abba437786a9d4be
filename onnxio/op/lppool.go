package op

import "github.com/prunefuse/prunefuse/onnxio"

var lpPool = Def{
	Type: "LpPool", Since: []int64{1, 2, 11, 18, 22},
	Shape: poolShape, Axes: poolAxes, Grad: lpPoolGrad, Cost: free,
	Cases: []Case{
		{Name: "2x2", Inputs: []Input{X(2, 3, 4, 6)}, Attrs: attrs(onnxio.Ints("kernel_shape", 2, 2), onnxio.Ints("strides", 2, 2))},
		{Name: "p=1", Inputs: []Input{X(2, 3, 4, 6)}, Attrs: attrs(onnxio.Ints("kernel_shape", 2, 2), onnxio.Int("p", 1))},
		{Name: "p=3", Inputs: []Input{X(2, 3, 4, 6)}, Attrs: attrs(onnxio.Ints("kernel_shape", 2, 2), onnxio.Int("p", 3))},
		{Name: "overlapping", Inputs: []Input{X(2, 3, 7, 8)}, Attrs: pads(1, 1, 1, 1, onnxio.Ints("kernel_shape", 3, 3), onnxio.Ints("strides", 2, 2))},
		{Name: "same upper", Inputs: []Input{X(1, 2, 5, 6)}, Attrs: attrs(onnxio.Ints("kernel_shape", 3, 3), onnxio.Ints("strides", 2, 2), onnxio.Str("auto_pad", "SAME_UPPER"))},
		{Name: "one spatial axis", Inputs: []Input{X(2, 3, 9)}, Attrs: attrs(onnxio.Ints("kernel_shape", 3), onnxio.Ints("strides", 2))},
		{Name: "three spatial axes", Inputs: []Input{X(1, 2, 4, 4, 4)}, Attrs: attrs(onnxio.Ints("kernel_shape", 2, 2, 2), onnxio.Ints("strides", 2, 2, 2))},
		{Name: "opset 7", Opset: 7, Inputs: []Input{X(2, 3, 4, 6)}, Attrs: attrs(onnxio.Ints("kernel_shape", 2, 2), onnxio.Ints("strides", 2, 2))},
		{Name: "rounded up", Opset: 18, Inputs: []Input{X(1, 2, 6, 5)}, Attrs: attrs(onnxio.Ints("kernel_shape", 3, 2), onnxio.Ints("strides", 2, 2), onnxio.Int("ceil_mode", 1))},
		{Name: "dilated", Opset: 18, Inputs: []Input{X(1, 2, 7, 7)}, Attrs: pads(1, 1, 1, 1, onnxio.Ints("kernel_shape", 2, 2), onnxio.Ints("dilations", 3, 2))},
		{Name: "opset 22", Opset: 22, Inputs: []Input{X(2, 3, 4, 6)}, Attrs: attrs(onnxio.Ints("kernel_shape", 2, 2))},
	},
}

// lpPoolGrad is x·|x|^(p−2)·y^(1−p)·dy, summed over the windows that hold x.
func lpPoolGrad(g *Grad) error {
	w, err := g.knownWindow()
	if err != nil {
		return err
	}
	g.GI(0, g.Mul(g.normSlope(), spreadWindows(g, g.normShare(), w)))
	return nil
}

// normShare is what of dy every element of a p-norm has in common.
func (g *Grad) normShare() string {
	p := g.Node.Int("p", 2)
	if p == 1 {
		return g.GO(0)
	}
	// A norm of 0 is of zeros alone, whose slope is 0 too.
	y := g.Op("Max", []string{g.O(0), g.Scalar(1e-30)})
	if p > 2 {
		y = g.Op("Pow", []string{y, g.Scalar(float32(p - 1))})
	}
	return g.Div(g.GO(0), y)
}

// normSlope returns the rest: x·|x|^(p−2).
func (g *Grad) normSlope() string {
	x := g.I(0)
	switch p := g.Node.Int("p", 2); p {
	case 1:
		return g.Op("Sign", []string{x})
	case 2:
		return x
	default:
		return g.Mul(x, g.Op("Pow", []string{g.Op("Abs", []string{x}), g.Scalar(float32(p - 2))}))
	}
}
