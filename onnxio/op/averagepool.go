package op

import (
	"slices"

	"github.com/prunefuse/prunefuse/onnxio"
)

var averagePool = Def{
	Type: "AveragePool", Since: []int64{1, 7, 10, 11, 19, 22},
	Zero:  zeroAtZero,
	Shape: poolShape, Axes: poolAxes, Grad: averagePoolGrad, Cost: free,
	Cases: append(poolCases(),
		Case{Name: "padding counts", Inputs: []Input{X(2, 3, 5, 6)}, Attrs: pads(1, 1, 1, 1, onnxio.Ints("kernel_shape", 3, 3), onnxio.Ints("strides", 2, 2), onnxio.Int("count_include_pad", 1))},
		Case{Name: "padding counts, rounded up", Inputs: []Input{X(1, 2, 6, 6)}, Attrs: pads(1, 1, 1, 1, onnxio.Ints("kernel_shape", 3, 3), onnxio.Ints("strides", 2, 2), onnxio.Int("count_include_pad", 1), onnxio.Int("ceil_mode", 1))},
		Case{Name: "padding counts, rounded up, opset 19", Opset: 19, Inputs: []Input{X(1, 2, 6, 6)}, Attrs: pads(1, 1, 1, 1, onnxio.Ints("kernel_shape", 3, 3), onnxio.Ints("strides", 2, 2), onnxio.Int("count_include_pad", 1), onnxio.Int("ceil_mode", 1))},
		Case{Name: "dilated", Opset: 19, Inputs: []Input{X(1, 2, 7, 7)}, Attrs: pads(1, 1, 1, 1, onnxio.Ints("kernel_shape", 2, 2), onnxio.Ints("dilations", 3, 2))},
	),
}

// averagePoolGrad spreads the gradient of each window evenly over the
// positions it averages.
func averagePoolGrad(g *Grad) error {
	w, err := g.knownWindow()
	if err != nil {
		return err
	}
	in := g.In(0).Shape[2:]
	counts, same := averageCounts(w, in, g.OutType(0).Shape[2:], g.countsPadding())
	var dy string
	if counts == nil {
		dy = g.Mul(g.GO(0), g.Scalar(same))
	} else {
		name := g.name("counts")
		g.Patch.SetInitializer(counts.Renamed(name))
		dy = g.Mul(g.GO(0), name)
	}
	switch out, _ := g.OutType(0).Shape[2:].Ints(); {
	case w.tiles(in) && allOnes(out):
		g.GI(0, g.ExpandLike(dy, g.OutType(0).Shape, g.I(0), g.In(0).Shape))
	case w.tiles(in):
		g.GI(0, g.Repeat(dy, w.kernel...))
	default:
		g.GI(0, spreadWindows(g, dy, w))
	}
	return nil
}

// counting says which positions of a window are averaged over.
type counting int

const (
	inside   counting = iota // those in the input
	padded                   // those in the input or its padding
	complete                 // all of them
)

// countsPadding is how the node counts. Before opset 19, ONNX Runtime divides
// by the whole window also where, rounded up, it goes beyond the padding.
func (g *Grad) countsPadding() counting {
	switch {
	case g.Node.Int("count_include_pad", 0) == 0:
		return inside
	case g.Emit.Opset < 19:
		return complete
	}
	return padded
}

// averageCounts returns one over the number of positions each window averages,
// of shape [1,1,spatial…], or nil and that one value where it is the same for
// all.
func averageCounts(w *window, in, out onnxio.Shape, over counting) (inverse *onnxio.Tensor, same float32) {
	extents, _ := out.Ints()
	var v []float32
	for at := range positions(extents) {
		n := int64(1)
		for i := range at {
			low, high := int64(0), in[i].Or(0)
			if over == padded {
				low, high = low-w.begin[i], high+w.end[i]
			}
			here := int64(0)
			for k := range w.kernel[i] {
				if p := at[i]*w.stride[i] - w.begin[i] + k*w.dilation[i]; over == complete || (p >= low && p < high) {
					here++
				}
			}
			n *= here
		}
		v = append(v, 1/float32(n))
	}
	if len(v) == 0 {
		return nil, 1 // no window at all
	}
	if slices.Min(v) == slices.Max(v) {
		return nil, v[0]
	}
	return onnxio.NewTensor("", append([]int64{1, 1}, extents...), v), 0
}

// spreadWindows adds dy into every position of its windows: a transposed
// convolution of each map with a kernel of ones.
func spreadWindows(g *Grad, dy string, w *window) string {
	n := len(w.kernel)
	in, out := g.In(0).Shape, g.OutType(0).Shape
	ones := g.name("ones")
	shape := append([]int64{1, 1}, w.kernel...)
	v := make([]float32, onnxio.ShapeOf(shape...).Size().Or(0))
	for i := range v {
		v[i] = 1
	}
	g.Patch.SetInitializer(onnxio.NewTensor(ones, shape, v))
	maps := []int64{-1, 1}
	pads := make([]int64, 2*(n+2))
	to := make([]int64, n+2)
	for i := range n {
		maps = append(maps, out[i+2].Or(0))
		full := (out[i+2].Or(0)-1)*w.stride[i] + w.reach(i)
		pads[2+i] = -w.begin[i]
		pads[n+2+2+i] = in[i+2].Or(0) + w.begin[i] - full
		to[i+2] = in[i+2].Or(0)
	}
	full := g.Op("ConvTranspose", []string{g.Reshape(dy, maps...), ones},
		onnxio.Ints("kernel_shape", w.kernel...), onnxio.Ints("strides", w.stride...), onnxio.Ints("dilations", w.dilation...))
	if slices.ContainsFunc(pads, func(p int64) bool { return p != 0 }) {
		full = g.Pad(full, pads...)
	}
	return g.ReshapeLike(full, g.I(0), in)
}
