package op

import (
	"fmt"

	"github.com/prunefuse/prunefuse/onnxio"
)

var maxUnpool = Def{
	Type: "MaxUnpool", Since: []int64{9, 11, 22},
	Shape: maxUnpoolShape, Axes: maxUnpoolAxes, Cost: free,
	Grad: func(g *Grad) error {
		g.GI(0, g.Op("Gather", []string{g.Reshape(g.GO(0), -1), g.I(1)}))
		return nil
	},
	Cases: []Case{
		{Name: "2x2", Inputs: []Input{X(1, 2, 2, 2), unpoolIndices()}, Attrs: attrs(onnxio.Ints("kernel_shape", 2, 2), onnxio.Ints("strides", 2, 2))},
		{Name: "output shape", Inputs: []Input{X(1, 2, 2, 2), unpoolIndices(), I64(1, 2, 5, 5)}, Attrs: attrs(onnxio.Ints("kernel_shape", 2, 2), onnxio.Ints("strides", 2, 2))},
		{Name: "padded", Inputs: []Input{X(1, 2, 2, 2), unpoolIndices()}, Attrs: pads(0, 0, 1, 1, onnxio.Ints("kernel_shape", 3, 3), onnxio.Ints("strides", 2, 2))},
		{Name: "fed indices", Inputs: []Input{X(1, 2, 2, 2), {Shape: []int64{1, 2, 2, 2}, Ints: []int64{0, 3, 9, 14, 17, 18, 24, 31}, Elem: onnxio.Int64}}, Attrs: attrs(onnxio.Ints("kernel_shape", 2, 2), onnxio.Ints("strides", 2, 2))},
		{Name: "opset 9", Opset: 9, Inputs: []Input{X(1, 2, 2, 2), unpoolIndices()}, Attrs: attrs(onnxio.Ints("kernel_shape", 2, 2), onnxio.Ints("strides", 2, 2))},
		{Name: "opset 22", Opset: 22, Inputs: []Input{X(1, 2, 2, 2), unpoolIndices()}, Attrs: attrs(onnxio.Ints("kernel_shape", 2, 2), onnxio.Ints("strides", 2, 2))},
	},
}

func unpoolIndices() Input {
	return Input{Shape: []int64{1, 2, 2, 2}, Ints: []int64{0, 3, 9, 14, 17, 18, 24, 31}, Elem: onnxio.Int64, Const: true}
}

func maxUnpoolShape(c *Infer) error {
	x := c.In(0).Shape
	if c.Has(2) {
		if dims, ok := c.Dims(2); ok && len(dims) == len(x) {
			c.Out(0, c.In(0).Elem, dims)
			return nil
		}
		c.Out(0, c.In(0).Elem, nil)
		return nil
	}
	w, err := poolWindow(c)
	if err != nil {
		return err
	}
	s := onnxio.Shape{x[0], x[1]}
	for i, d := range x[2:] {
		cut := w.begin[i] + w.end[i]
		whole := func(n int64) int64 { return (n-1)*w.stride[i] + w.kernel[i] - cut }
		s = append(s, d.Apply(fmt.Sprintf("(%d*%%+%d)", w.stride[i], whole(0)), whole))
	}
	c.Out(0, c.In(0).Elem, s)
	return nil
}

// maxUnpoolAxes follows batch and channels where the indices, which count
// through all axes, come from a pool that loses the same ones.
func maxUnpoolAxes(a *Axes) error {
	constant, _ := a.Graph.Constant(a.Node.Input(1))
	if n := a.Graph.Producer(a.Node.Input(1)); constant != nil || (n != nil && n.Op() != "MaxPool") {
		a.PinAll("its indices count through the whole output")
		return nil
	}
	for k := range a.In(0).Shape {
		refs := []Ref{In(0, k), In(1, k), Out(0, k)}
		if k < 2 {
			a.Same(refs[0], refs[1:]...)
			if a.Has(2) {
				a.sized(In(0, k), 2, k)
			}
			continue
		}
		for _, r := range refs {
			a.Pin(r, "MaxUnpool spreads along this axis")
		}
	}
	return nil
}
