package op

import "github.com/prunefuse/prunefuse/onnxio"

// modulo has the sign of the divisor or, with fmod, which floats need, that
// of the dividend.
var modulo = Def{
	Type: "Mod", Since: []int64{10, 13}, Axes: elementwise, Cost: free,
	Shape: func(c *Infer) error {
		return arithmetic(modDims(c.Node.Int("fmod", 0) != 0))(c)
	},
	// y = a − b·trunc(a/b)
	Grad: func(g *Grad) error {
		g.GIBroadcast(0, g.GO(0))
		if g.Needs(1) {
			g.GIBroadcast(1, g.Mul(g.GO(0), g.Div(g.Sub(g.O(0), g.I(0)), g.I(1))))
		}
		return nil
	},
	Cases: []Case{
		{Name: "floats", Inputs: []Input{XOf([]float32{-3.3, 2.6, 5.1, -0.4, 7.7, 1.2}, 2, 3), F32([]float32{1.5, -2.1, 0.8}, 3)}, Attrs: attrs(onnxio.Int("fmod", 1))},
		{Name: "of shapes", Inputs: []Input{I64(7, -7, 7, -7), I64(3, 3, -3, -3)}},
		{Name: "of shapes, fmod", Inputs: []Input{I64(7, -7, 7, -7), I64(3, 3, -3, -3)}, Attrs: attrs(onnxio.Int("fmod", 1))},
		{Name: "of a scalar", Inputs: []Input{I64(12, 13), I0(4)}},
		{Name: "opset 10", Opset: 10, Inputs: []Input{I64(12, 13), I0(4)}},
	},
}

// modDims returns the remainder of a division; symbols stand for extents, which
// are not negative.
func modDims(truncated bool) dimFunc {
	return func(a, b onnxio.Dim) (onnxio.Dim, bool) {
		x, xok := a.Value()
		y, yok := b.Value()
		switch {
		case b.Is(0), yok && y < 0 && !xok:
			return onnxio.Dim{}, false
		case xok && yok:
			r := x % y
			if !truncated && r != 0 && (r < 0) != (y < 0) {
				r += y
			}
			return onnxio.Known(r), true
		}
		whole, ok := divDims(a, b)
		if !ok {
			return onnxio.Dim{}, false
		}
		whole, _ = mulDims(whole, b)
		return subDims(a, whole)
	}
}
