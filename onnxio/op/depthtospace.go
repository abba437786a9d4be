package op

import (
	"fmt"

	"github.com/prunefuse/prunefuse/onnxio"
)

var depthToSpace = Def{
	Type: "DepthToSpace", Since: []int64{1, 11, 13},
	Zero: zeroAtZero,
	Shape: func(c *Infer) error {
		b, err := blockSize(c)
		if err != nil {
			return err
		}
		s := c.In(0).Shape
		depth, err := share(s[1], b*b, "channels")
		if err != nil {
			return err
		}
		c.Out(0, c.In(0).Elem, onnxio.Shape{s[0], depth, s[2].Mul(onnxio.Known(b)), s[3].Mul(onnxio.Known(b))})
		return nil
	},
	Axes: func(a *Axes) error {
		a.Same(In(0, 0), Out(0, 0))
		a.fromDepth(In(0, 1), Out(0, 1), a.Node.Str("mode", "DCR") == "CRD")
		return nil
	},
	Grad: depthToSpaceGrad, Cost: free,
	Cases: []Case{
		{Name: "depth first", Inputs: []Input{X(2, 12, 2, 3)}, Attrs: attrs(onnxio.Int("blocksize", 2))},
		{Name: "column first", Inputs: []Input{X(2, 12, 2, 3)}, Attrs: attrs(onnxio.Int("blocksize", 2), onnxio.Str("mode", "CRD"))},
		{Name: "blocks of three", Inputs: []Input{X(1, 18, 2, 2)}, Attrs: attrs(onnxio.Int("blocksize", 3), onnxio.Str("mode", "CRD"))},
		{Name: "opset 7", Opset: 7, Inputs: []Input{X(2, 8, 1, 3)}, Attrs: attrs(onnxio.Int("blocksize", 2))},
	},
}

// blockSize returns the side of the square of pixels that channels become or
// are made of.
func blockSize(c *Infer) (int64, error) {
	if len(c.In(0).Shape) != 4 {
		return 0, fmt.Errorf("input %q has shape %v, want four axes", c.Node.Input(0), c.In(0).Shape)
	}
	b := c.Node.Int("blocksize", 0)
	if b < 1 || b > 1<<15 {
		return 0, fmt.Errorf("blocksize %d", b)
	}
	return b, nil
}

// share returns an extent divided into n.
func share(d onnxio.Dim, n int64, what string) (onnxio.Dim, error) {
	if q, ok := d.Div(onnxio.Known(n)); ok {
		return q, nil
	}
	if d.IsKnown() {
		return onnxio.Dim{}, fmt.Errorf("%v %s are not a multiple of %d", d, what, n)
	}
	return d.Apply(fmt.Sprintf("floor(%%/%d)", n), nil), nil
}

// fromDepth says that each position of shallow is the block² positions of
// deep that hold its pixels: in a row, or one in each of block² runs.
func (a *Axes) fromDepth(deep, shallow Ref, inRow bool) {
	n, known := a.Dim(deep).Value()
	m := a.Dim(shallow).Or(0)
	if !known || m == 0 {
		a.Pin(deep, "its extent is not known")
		a.Pin(shallow, "its extent is not known")
		return
	}
	of := make([]int, n)
	for i := range of {
		of[i] = i % int(m)
		if inRow {
			of[i] = i / int(n/m)
		}
	}
	a.Match(deep, shallow, span(0, int(n)), of)
}

// depthToSpaceGrad goes back by the inverse, which SpaceToDepth is of the
// depth-first order; of the other the channels are put in their places.
func depthToSpaceGrad(g *Grad) error {
	b := g.Node.Int("blocksize", 0)
	dx := g.Op("SpaceToDepth", []string{g.GO(0)}, onnxio.Int("blocksize", b))
	if g.Node.Str("mode", "DCR") == "CRD" {
		n, ok := g.In(0).Shape[1].Value()
		if !ok {
			return &noGradError{"the number of channels is not known"}
		}
		order := make([]int64, n)
		for i := range order {
			pixel, channel := int64(i)%(b*b), int64(i)/(b*b)
			order[i] = pixel*(n/(b*b)) + channel
		}
		dx = g.Op("Gather", []string{dx, g.List(order...)}, onnxio.Int("axis", 1))
	}
	g.GI(0, dx)
	return nil
}
