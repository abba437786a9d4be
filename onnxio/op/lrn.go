package op

import (
	"fmt"

	"github.com/prunefuse/prunefuse/onnxio"
)

// lrn divides every element by a power of the mean square of its
// neighbouring channels: y = x·s^−β with s = bias + α/size·Σ x².
var lrn = Def{
	Type: "LRN", Since: []int64{1, 13},
	Shape: func(c *Infer) error {
		if err := c.Rank(0, 3); err != nil {
			return err
		}
		if size := c.Node.Int("size", 0); size < 1 || size > maxLRN {
			return fmt.Errorf("size is %d, want 1 to %d", size, maxLRN)
		}
		return sameAsInput(c)
	},
	Axes: func(a *Axes) error {
		a.Pin(In(0, 1), "its window reaches over neighbouring channels")
		return alike(a)
	},
	// dx = dy·s^−β − 2αβ/size·x·Σ dy·y/s, the sum over the window.
	Grad: func(g *Grad) error {
		alpha, beta := g.Node.Float("alpha", 1e-4), g.Node.Float("beta", 0.75)
		s := g.Add(g.Mul(g.channelMean(g.Square(g.I(0))), g.Scalar(alpha)), g.Scalar(g.Node.Float("bias", 1)))
		back := g.channelMean(g.Div(g.Mul(g.GO(0), g.O(0)), s))
		direct := g.Mul(g.GO(0), g.Op("Pow", []string{s, g.Scalar(-beta)}))
		g.GI(0, g.Sub(direct, g.Mul(g.Mul(g.I(0), back), g.Scalar(2*alpha*beta))))
		return nil
	},
	Cost: free,
	// ONNX Runtime takes images and windows of odd size alone.
	Cases: []Case{
		{Name: "image", Inputs: []Input{X(2, 6, 2, 3)}, Attrs: attrs(onnxio.Int("size", 3))},
		{Name: "strong", Inputs: []Input{X(2, 6, 2, 3)}, Attrs: attrs(onnxio.Int("size", 5), onnxio.Float("alpha", 0.9), onnxio.Float("beta", 0.6), onnxio.Float("bias", 2))},
		{Name: "wider than the channels", Inputs: []Input{X(1, 2, 2, 2)}, Attrs: attrs(onnxio.Int("size", 7), onnxio.Float("alpha", 0.5))},
		{Name: "opset 7", Opset: 7, Inputs: []Input{X(2, 6, 2, 3)}, Attrs: attrs(onnxio.Int("size", 3), onnxio.Float("alpha", 0.5))},
	},
}

// maxLRN bounds the window, which the gradient walks.
const maxLRN = 1 << 16

// channelMean returns the sum over the window of channels around each element,
// divided by the size of the window.
func (g *Grad) channelMean(x string) string {
	size := g.Node.Int("size", 1)
	rank := len(g.In(0).Shape)
	kernel, pads := []int64{size}, make([]int64, 2*(rank-1))
	for range rank - 2 {
		kernel = append(kernel, 1)
	}
	pads[0], pads[rank-1] = size/2, size/2
	pooled := g.Op("AveragePool", []string{g.Op("Unsqueeze", []string{x, g.List(1)})},
		onnxio.Ints("kernel_shape", kernel...), onnxio.Ints("pads", pads...), onnxio.Int("count_include_pad", 1))
	return g.Op("Squeeze", []string{pooled, g.List(1)})
}
