package op

import (
	"fmt"
	"slices"

	"github.com/prunefuse/prunefuse/onnxio"
)

// convGrad is the gradient of a convolution of any rank, group, stride,
// dilation and padding, at which dy arrives.
func convGrad(g *Grad, dy string) error {
	if !g.In(1).Shape.Known() || !g.In(0).Shape[1:].Known() {
		return &noGradError{fmt.Sprintf("the extents of its input %v and weight %v must be known, the batch apart", g.In(0).Shape, g.In(1).Shape)}
	}
	w, err := convWindow(g.Infer)
	if err != nil {
		return err
	}
	if g.Needs(2) {
		axes := []int64{0}
		for k := 2; k < len(g.In(0).Shape); k++ {
			axes = append(axes, int64(k))
		}
		g.GI(2, g.Sum(dy, false, axes...))
	}
	if attrs, ok := nativeConv(g.Emit, g.In(0), w, g.Node.Int("group", 1)); ok {
		in, _ := g.In(0).Shape[2:].Ints()
		if g.Needs(0) {
			g.GI(0, g.Native("ConvInputGrad", []string{dy, g.I(1)}, append(slices.Clone(attrs), onnxio.Ints("spatial", in...))...))
		}
		if g.Needs(1) {
			g.GI(1, g.Native("ConvWeightGrad", []string{g.I(0), dy}, append(slices.Clone(attrs), onnxio.Ints("kernel_shape", w.kernel...))...))
		}
		return nil
	}
	if g.Needs(0) {
		g.GI(0, convInputGrad(g, dy, w))
	}
	if g.Needs(1) {
		shape, _ := g.In(1).Shape.Ints()
		g.GI(1, convWeightGrad(g, &correlation{w, g.I(0), dy, g.In(0).Shape[2:], shape, g.Node.Int("group", 1)}))
	}
	return nil
}

// convInputGrad returns a convolution of the output's gradient with the weights
// flipped and their channel axes exchanged; at a stride above 1, the
// transposed convolution, which is the same thing and, at stride 1, half as
// fast.
func convInputGrad(g *Grad, dy string, w *window) string {
	n := len(w.kernel)
	group := g.Node.Int("group", 1)
	in := g.In(0).Shape[2:]
	begin, end := make([]int64, n), make([]int64, n)
	direct := in.Known()
	for i := range n {
		begin[i], end[i] = w.reach(i)-1-w.begin[i], w.reach(i)-1-w.end[i]
		direct = direct && w.stride[i] == 1 && begin[i] >= 0 && end[i] >= 0
	}
	if direct {
		attrs := []onnxio.Attr{
			onnxio.Ints("kernel_shape", w.kernel...), onnxio.Ints("pads", append(begin, end...)...),
			onnxio.Ints("dilations", w.dilation...), onnxio.Int("group", group),
		}
		return g.Op("Conv", []string{dy, flipped(g, w, group)}, attrs...)
	}
	// Output positions that no window reaches get a zero gradient: the
	// transposed convolution is padded there.
	extra := make([]int64, n)
	out := w.out(in)
	for i := range n {
		covered := (out[i].Or(1)-1)*w.stride[i] + w.reach(i)
		extra[i] = in[i].Or(0) + w.begin[i] + w.end[i] - covered
	}
	attrs := []onnxio.Attr{
		onnxio.Ints("kernel_shape", w.kernel...), onnxio.Ints("dilations", w.dilation...),
		onnxio.Ints("strides", w.stride...), onnxio.Int("group", group),
	}
	small := in.Known()
	for i := range n {
		small = small && extra[i] < max(w.stride[i], w.dilation[i]) && extra[i] >= 0
	}
	if small {
		attrs = append(attrs, onnxio.Ints("pads", append(slices.Clone(w.begin), w.end...)...), onnxio.Ints("output_padding", extra...))
		return g.Op("ConvTranspose", []string{dy, g.I(1)}, attrs...)
	}
	full := g.Op("ConvTranspose", []string{dy, g.I(1)}, attrs...)
	return cropTo(g, full, w, extra)
}

// cropTo pads the gradient over what the windows cover out to the padded
// input, then cuts the padding off.
func cropTo(g *Grad, full string, w *window, extra []int64) string {
	n := len(w.kernel)
	pad := make([]int64, 2*(n+2))
	var starts, ends, axes, steps []int64
	for i := range n {
		pad[n+2+2+i] = max(extra[i], 0)
		starts, axes, steps = append(starts, w.begin[i]), append(axes, int64(i+2)), append(steps, 1)
		ends = append(ends, w.begin[i]+g.In(0).Shape[i+2].Or(0))
	}
	return g.Slice(g.Pad(full, pad...), starts, ends, axes, steps)
}

// flipped turns weights [g·M, C, k…] into [g·C, M, k…] reversed along the
// kernel.
func flipped(g *Grad, w *window, group int64) string {
	n := len(w.kernel)
	shape, _ := g.In(1).Shape.Ints()
	x := g.I(1)
	if !allOnes(w.kernel) {
		var starts, ends, axes, steps []int64
		for i := range n {
			starts, ends = append(starts, -1), append(ends, -w.kernel[i]-1)
			axes, steps = append(axes, int64(i+2)), append(steps, -1)
		}
		x = g.Slice(x, starts, ends, axes, steps)
	}
	perm := []int64{1, 0}
	for i := range n {
		perm = append(perm, int64(i+2))
	}
	if group == 1 {
		return g.Transpose(x, perm...)
	}
	m, c := shape[0]/group, shape[1]
	if c == 1 && m == 1 {
		return x
	}
	x = g.Reshape(x, append([]int64{group, m, c}, w.kernel...)...)
	perm = []int64{0, 2, 1}
	for i := range n {
		perm = append(perm, int64(i+3))
	}
	return g.Reshape(g.Transpose(x, perm...), append([]int64{group * c, m}, w.kernel...)...)
}

// correlation is a convolution of x, of the spatial extents in, by weights of
// a shape, at whose output the gradient dy arrives.
type correlation struct {
	*window
	x, dy string
	in    onnxio.Shape
	shape []int64
	group int64
}

// convWeightGrad is, for each kernel position, the product of the output's
// gradient with the input shifted there, summed over batch and positions.
func convWeightGrad(g *Grad, w *correlation) string {
	n := len(w.kernel)
	if w.group == 1 && w.shiftable(w.in) {
		return convWeightGradShifted(g, w)
	}
	group, m, c := w.group, w.shape[0]/w.group, w.shape[1]
	x := w.x
	if slices.Max(append(slices.Clone(w.begin), w.end...)) > 0 {
		pad := append([]int64{0, 0}, w.begin...)
		x = g.Pad(x, append(append(pad, 0, 0), w.end...)...)
	}
	dy := g.Reshape(w.dy, 0, group, m, -1)
	out := w.out(w.in)
	var parts []string
	for at := range positions(w.kernel) {
		xs := x
		var starts, ends, axes []int64
		for i := range n {
			start := at[i] * w.dilation[i]
			starts, axes = append(starts, start), append(axes, int64(i+2))
			ends = append(ends, start+(out[i].Or(1)-1)*w.stride[i]+1)
		}
		if !allOnes(w.kernel) || !allOnes(w.stride) {
			xs = g.Slice(x, starts, ends, axes, w.stride)
		}
		q := g.MatMulT(dy, g.Reshape(xs, 0, group, c, -1)) // [N, group, m, c]
		parts = append(parts, g.Reshape(g.Sum(q, false, 0), group*m, c, 1))
	}
	dw := parts[0]
	if len(parts) > 1 {
		dw = g.Concat(2, parts...)
	}
	return g.Reshape(dw, w.shape...)
}

// shiftable reports whether the window is one that convWeightGradShifted
// takes: of two axes, without stride, and with every position inside the
// input somewhere.
func (w *window) shiftable(in onnxio.Shape) bool {
	if len(w.kernel) != 2 || allOnes(w.kernel) || !allOnes(w.stride) || !in.Known() {
		return false
	}
	for i, out := range w.out(in) {
		for at := range w.kernel[i] {
			shift := at*w.dilation[i] - w.begin[i]
			if shift >= in[i].Or(0) || shift+out.Or(0) <= 0 {
				return false
			}
		}
	}
	return true
}

// convWeightGradShifted returns the weight gradient at stride 1. A shift along
// the rows of the input and one along the columns of the output's gradient make
// the shift of a kernel position, so kh + kw shifts serve all kh·kw of them,
// and those that shift nothing are no copies. Both keep the input's width: then
// a shift by rows is one by an offset into the flat image.
//
// Measured against the other ways for ResNet-20 (3×3, batch 64, one thread):
// one matrix product with the shifted inputs joined as well takes 1.1 times
// as long, rows at the padded width with a slice a shift 1.5 times, a slice
// and a product a position at least twice; the forward convolution takes as
// long as this.
func convWeightGradShifted(g *Grad, w *correlation) string {
	kh, kw := w.kernel[0], w.kernel[1]
	o, c := w.shape[0], w.shape[1]
	in, out := w.in, w.out(w.in)
	ih, iw, oh, ow := in[0].Or(0), in[1].Or(0), out[0].Or(0), out[1].Or(0)

	columns := make([]string, kw)
	for b := range kw {
		left := b*w.dilation[1] - w.begin[1]
		d := w.dy
		if left != 0 || ow != iw {
			d = g.Pad(d, 0, 0, 0, left, 0, 0, 0, iw-ow-left)
		}
		columns[b] = g.Reshape(d, 0, o, oh*iw)
	}
	dy := g.Concat(1, columns...) // [N, kw·o, oh·iw]
	flat := g.Reshape(w.x, 0, c, ih*iw)
	parts := make([]string, kh)
	for a := range kh {
		above := w.begin[0] - a*w.dilation[0]
		x := flat
		if above != 0 || oh != ih {
			x = g.Pad(x, 0, 0, above*iw, 0, 0, (oh-ih-above)*iw)
		}
		parts[a] = g.Sum(g.MatMulT(dy, x), false, 0) // [kw·o, c]
	}
	dw := g.Reshape(g.Concat(1, parts...), kw, o, kh, c)
	return g.Transpose(dw, 1, 3, 2, 0)
}

func allOnes(v []int64) bool {
	return !slices.ContainsFunc(v, func(n int64) bool { return n != 1 })
}

// positions returns the indices of a grid, row-major. The slice is reused.
func positions(extent []int64) func(func([]int64) bool) {
	return func(yield func([]int64) bool) {
		at := make([]int64, len(extent))
		if slices.ContainsFunc(extent, func(n int64) bool { return n < 1 }) {
			return
		}
		for {
			if !yield(at) {
				return
			}
			i := len(at) - 1
			for ; i >= 0; i-- {
				if at[i]++; at[i] < extent[i] {
					break
				}
				at[i] = 0
			}
			if i < 0 {
				return
			}
		}
	}
}
