package op

import (
	"slices"

	"github.com/prunefuse/prunefuse/onnxio"
)

// resizeGrad goes back through the axes one by one. Along each a Resize is
// linear, whatever its mode: what the runtime makes of unit vectors is the
// matrix, and the gradient its transpose.
func resizeGrad(g *Grad) error {
	r, err := readResize(g.Infer)
	switch {
	case err != nil:
		return err
	case r == nil:
		return &noGradError{"its extents are computed at run time"}
	case g.Node.Str("coordinate_transformation_mode", "") == "tf_crop_and_resize" || r.policy != "stretch":
		return &noGradError{"its gradient is not derived for crops and for sizes that keep the aspect ratio"}
	case !g.Needs(0):
		return nil
	}
	dx := g.GO(0)
	for k, d := range g.In(0).Shape {
		if r.at[k] < 0 || r.out[k] == d || (r.scale != nil && r.scale[k] == 1) {
			continue
		}
		n, nok := d.Value()
		m, mok := r.out[k].Value()
		if !nok || !mok {
			return &noGradError{"it resizes an axis of unknown extent"}
		}
		dx = g.along(dx, k, len(r.out), g.resizeMatrix(r, k, n, m))
	}
	g.GI(0, dx)
	return nil
}

// resizeMatrix holds in row i what n positions that are 0 but for a 1 at i
// become as m positions.
func (g *Grad) resizeMatrix(r *resizing, k int, n, m int64) string {
	unit := make([]float32, n*n)
	for i := range n {
		unit[i*n+i] = 1
	}
	in := []string{g.constant("unit", []int64{1, n, n, 1}, unit), "", ""}
	if r.scale != nil {
		in[2] = g.constant("scales", []int64{4}, []float32{1, 1, r.scale[k], 1})
	} else {
		in = append(in, g.List(1, n, m, 1))
	}
	attrs := slices.DeleteFunc(g.Node.Attrs(), func(a onnxio.Attr) bool { return a.Name() == "axes" })
	return g.Reshape(g.Op("Resize", in, attrs...), n, m)
}

// constant returns a float32 tensor.
func (e *Emit) constant(stem string, dims []int64, v []float32) string {
	name := e.name(stem)
	e.Patch.SetInitializer(onnxio.NewTensor(name, dims, v))
	return name
}

// along multiplies every column of x along an axis by a matrix.
func (g *Grad) along(x string, axis, rank int, matrix string) string {
	switch axis {
	case rank - 1:
		return g.MatMulT(x, matrix)
	case rank - 2:
		return g.Op("MatMul", []string{matrix, x})
	}
	swap := make([]int64, rank)
	for k := range swap {
		swap[k] = int64(k)
	}
	swap[axis], swap[rank-1] = int64(rank-1), int64(axis)
	return g.Transpose(g.MatMulT(g.Transpose(x, swap...), matrix), swap...)
}
