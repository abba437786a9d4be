package op

import (
	"fmt"

	"github.com/prunefuse/prunefuse/onnxio"
)

var gridSample = Def{
	Type: "GridSample", Since: []int64{16, 20, 22},
	Shape: func(c *Infer) error {
		x, grid := c.In(0).Shape, c.In(1).Shape
		if len(x) < 3 || len(grid) != len(x) {
			return fmt.Errorf("input %v and grid %v: want [N,C,spatial…] and [N,spatial…,coordinate] of one rank", x, grid)
		}
		c.Out(0, c.In(0).Elem, append(onnxio.Shape{x[0], x[1]}, grid[1:len(grid)-1]...))
		return nil
	},
	// A sample goes with its point of the grid.
	Axes: func(a *Axes) error {
		rank := len(a.In(0).Shape)
		a.Same(In(0, 0), In(1, 0), Out(0, 0))
		a.Same(In(0, 1), Out(0, 1))
		for k := 2; k < rank; k++ {
			a.Pin(In(0, k), "the grid's coordinates lie along this axis")
			a.Same(In(1, k-1), Out(0, k))
		}
		a.Pin(In(1, rank-1), "it holds the coordinates of a point")
		return nil
	},
	Cost: free, Decompose: gridSampleDecomposition, Grad: throughDecomposition,
	Cases: []Case{
		{Name: "bilinear", Inputs: []Input{X(2, 3, 4, 5), gridOf(2, 3, 2, 2)}},
		{Name: "nearest", Inputs: []Input{X(2, 3, 4, 5), gridOf(2, 3, 2, 2)}, Attrs: attrs(onnxio.Str("mode", "nearest"), onnxio.Str("padding_mode", "border"))},
		{Name: "bicubic", Inputs: []Input{X(2, 3, 4, 5), gridOf(2, 3, 2, 2)}, Attrs: attrs(onnxio.Str("mode", "bicubic"), onnxio.Str("padding_mode", "reflection"), onnxio.Int("align_corners", 1))},
		{Name: "corners", Inputs: []Input{X(2, 3, 4, 5), gridOf(2, 3, 2, 2)}, Attrs: attrs(onnxio.Int("align_corners", 1))},
		{Name: "beyond the border", Inputs: []Input{X(2, 3, 4, 5), gridOf(2, 3, 2, 2)}, Attrs: attrs(onnxio.Str("padding_mode", "border"))},
		{Name: "beyond the border, cubic", Inputs: []Input{X(2, 3, 4, 5), gridOf(2, 3, 2, 2)}, Attrs: attrs(onnxio.Str("mode", "bicubic"), onnxio.Str("padding_mode", "border"))},
		{Name: "reflected", Inputs: []Input{X(2, 3, 4, 5), gridOf(2, 3, 2, 2)}, Attrs: attrs(onnxio.Str("padding_mode", "reflection"))},
		{Name: "reflected at corners", Inputs: []Input{X(2, 3, 4, 5), gridOf(2, 3, 2, 2)}, Attrs: attrs(onnxio.Str("padding_mode", "reflection"), onnxio.Int("align_corners", 1))},
		{Name: "zeros, cubic", Inputs: []Input{X(2, 3, 4, 5), gridOf(2, 3, 2, 2)}, Attrs: attrs(onnxio.Str("mode", "bicubic"))},
		{Name: "linear in a volume", Opset: 20, Inputs: []Input{X(1, 2, 3, 4, 5), gridOf(1, 2, 3, 2, 3)}},
		{Name: "opset 16", Opset: 16, Inputs: []Input{X(2, 3, 4, 5), gridOf(2, 3, 2, 2)}},
		{Name: "opset 20", Opset: 20, Inputs: []Input{X(2, 3, 4, 5), gridOf(2, 3, 2, 2)}, Attrs: attrs(onnxio.Str("mode", "linear"))},
		{Name: "volume", Opset: 20, Inputs: []Input{X(1, 2, 3, 4, 5), gridOf(1, 2, 3, 2, 3)}, Attrs: attrs(onnxio.Str("mode", "nearest"))},
		{Name: "opset 22", Opset: 22, Inputs: []Input{X(2, 3, 4, 5), gridOf(2, 3, 2, 2)}},
	},
}

// gridOf returns a grid of points of an image 4×5, or a volume 3×4×5, some
// beyond its border, and all away from where the reading of one position gives
// way to that of another.
func gridOf(shape ...int64) Input {
	r := int(shape[len(shape)-1])
	v := make([]float32, onnxio.ShapeOf(shape...).Size().Or(0))
	for i := range v {
		n := 5 - i%r
		at := float32(i*7%(n+2)) - 0.7
		v[i] = (2*at+1)/float32(n) - 1
	}
	return XOf(v, shape...)
}
