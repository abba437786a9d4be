package op

import (
	"fmt"

	"github.com/prunefuse/prunefuse/onnxio"
)

// The operators that draw at random. A draw depends on how many were made
// before it, so that removing an index changes the others'.

// drawnShape is that of draws of the shape in an attribute.
func drawnShape(c *Infer) error {
	dims := c.Node.Ints("shape")
	for _, n := range dims {
		if n < 0 {
			return fmt.Errorf("shape %v has a negative extent", dims)
		}
	}
	c.Out(0, onnxio.Elem(c.Node.Int("dtype", int64(onnxio.Float32))), onnxio.ShapeOf(dims...))
	return nil
}

func drawnAxes(a *Axes) error {
	for k := range a.OutType(0).Shape {
		a.Mixes(Out(0, k))
		a.Follow(Extent{Attr: "shape", List: true, Index: k, Ref: Out(0, k)})
	}
	return nil
}

// drawnLikeShape is that of a draw for every element of input 0.
func drawnLikeShape(c *Infer) error {
	c.Out(0, onnxio.Elem(c.Node.Int("dtype", int64(c.In(0).Elem))), c.In(0).Shape)
	return nil
}

func drawnLikeAxes(a *Axes) error {
	for k := range a.In(0).Shape {
		a.Same(In(0, k), Out(0, k))
		a.Mixes(Out(0, k))
	}
	return nil
}

func drawnCases() []Case {
	return []Case{
		{Name: "matrix", Attrs: attrs(onnxio.Ints("shape", 3, 4), onnxio.Float("seed", 7))},
		{Name: "double", Attrs: attrs(onnxio.Ints("shape", 2), onnxio.Int("dtype", int64(onnxio.Float64)))},
		{Name: "opset 7", Opset: 7, Attrs: attrs(onnxio.Ints("shape", 2, 3, 4), onnxio.Float("seed", 7))},
	}
}

func drawnLikeCases() []Case {
	seed := onnxio.Float("seed", 7)
	return []Case{
		{Name: "matrix", Inputs: []Input{X(3, 4)}, Attrs: attrs(seed), NoGrad: []int{0}},
		{Name: "double", Inputs: []Input{X(2)}, Attrs: attrs(seed, onnxio.Int("dtype", int64(onnxio.Float64))), NoGrad: []int{0}},
		{Name: "opset 7", Opset: 7, Inputs: []Input{X(2, 3, 4)}, Attrs: attrs(seed), NoGrad: []int{0}},
	}
}
