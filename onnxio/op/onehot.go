package op

import (
	"fmt"

	"github.com/prunefuse/prunefuse/onnxio"
)

// oneHot spreads each index over a new axis that is the second of its values
// at the index and the first elsewhere.
var oneHot = Def{
	Type: "OneHot", Since: []int64{9, 11},
	Shape: oneHotShape, Axes: oneHotAxes, Cost: free,
	// The values have a gradient, the indices none.
	Grad: func(g *Grad) error {
		if !g.Needs(2) {
			return nil
		}
		bits := g.Concat(0, g.Reshape(g.Scalar(0), 1), g.Reshape(g.Scalar(1), 1))
		on := g.Op("OneHot", []string{g.I(0), g.I(1), bits}, onnxio.Int("axis", g.Node.Int("axis", -1)))
		all := g.Op("ReduceSum", []string{g.GO(0)}, keepDims(false))
		hot := g.Op("ReduceSum", []string{g.Mul(g.GO(0), on)}, keepDims(false))
		g.GI(2, g.Concat(0, g.Reshape(g.Sub(all, hot), 1), g.Reshape(hot, 1)))
		return nil
	},
	Cases: []Case{
		{Name: "classes", Inputs: []Input{{Elem: onnxio.Int64, Shape: []int64{4}, Ints: []int64{0, 3, -1, 1}}, I0(4), F32([]float32{-0.5, 2}, 2)}},
		{Name: "leading axis", Inputs: []Input{{Elem: onnxio.Int64, Shape: []int64{2, 3}, Ints: []int64{0, 3, 1, 2, 1, 0}}, I64(4), F32([]float32{0, 1}, 2)}, Attrs: attrs(onnxio.Int("axis", 1))},
		{Name: "float indices", Inputs: []Input{XOf([]float32{0, 2, 1, 0, 1, 2}, 2, 3), F32([]float32{3}), F32([]float32{0, 1}, 2)}, Attrs: attrs(onnxio.Int("axis", -2)), NoGrad: []int{0, 1}},
		{Name: "opset 9", Opset: 9, Inputs: []Input{XOf([]float32{0, 2, 1}, 3), F32([]float32{3}), F32([]float32{0, 1}, 2)}, NoGrad: []int{0, 1}},
	},
}

// oneHotAxis returns where the new axis stands in the output.
func oneHotAxis(c *Infer) (int, error) {
	a := c.Node.Int("axis", -1)
	rank := int64(len(c.In(0).Shape)) + 1
	k := a
	if k < 0 {
		k += rank
	}
	if k < 0 || k >= rank {
		return 0, fmt.Errorf("axis %d is not one of %d", a, rank)
	}
	return int(k), nil
}

func oneHotShape(c *Infer) error {
	k, err := oneHotAxis(c)
	if err != nil {
		return err
	}
	if err := c.vector(2, onnxio.Known(2)); err != nil {
		return err
	}
	depth := onnxio.Symbol(fmt.Sprintf("%s.%d", c.Node.Output(0), k))
	if v, ok := c.Dims(1); ok && len(v) == 1 {
		if depth = v[0]; depth.Or(1) < 1 {
			return fmt.Errorf("depth is %v, want at least 1", depth)
		}
	}
	in := c.In(0).Shape
	s := append(in[:k].Clone(), depth)
	c.Out(0, c.In(2).Elem, append(s, in[k:]...))
	return nil
}

func oneHotAxes(a *Axes) error {
	k, err := oneHotAxis(a.Infer)
	if err != nil {
		return err
	}
	a.Pin(Out(0, k), "its indices are values of the input")
	for j := range a.In(0).Shape {
		if j < k {
			a.Same(In(0, j), Out(0, j))
		} else {
			a.Same(In(0, j), Out(0, j+1))
		}
	}
	return nil
}
