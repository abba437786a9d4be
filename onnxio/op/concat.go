package op

import (
	"fmt"

	"github.com/prunefuse/prunefuse/onnxio"
)

var concat = Def{
	Type: "Concat", Since: []int64{1, 4, 11, 13},
	Zero:  zeroOfAll,
	Shape: concatShape, Axes: concatAxes, Grad: concatGrad, Cost: free,
	Cases: []Case{
		{Name: "channels", Inputs: []Input{X(2, 3, 4), X(2, 5, 4), W(2, 1, 4)}, Attrs: attrs(onnxio.Int("axis", 1)), Fixed: true},
		{Name: "two activations", Inputs: []Input{X(2, 3, 4), X(2, 5, 4)}, Attrs: attrs(onnxio.Int("axis", 1))},
		{Name: "batch", Inputs: []Input{X(2, 3), X(4, 3)}, Attrs: attrs(onnxio.Int("axis", 0))},
		{Name: "last", Inputs: []Input{X(2, 3, 4), X(2, 3, 2)}, Attrs: attrs(onnxio.Int("axis", -1))},
		{Name: "one", Inputs: []Input{X(2, 3)}, Attrs: attrs(onnxio.Int("axis", 1))},
		{Name: "of shapes", Inputs: []Input{I64(2), I64(-1, 5)}, Attrs: attrs(onnxio.Int("axis", 0))},
		{Name: "opset 7", Opset: 7, Inputs: []Input{X(2, 3), X(2, 4)}, Attrs: attrs(onnxio.Int("axis", 1))},
	},
}

func concatShape(c *Infer) error {
	k, err := c.Axis(0)
	if err != nil {
		return err
	}
	out := c.In(0).Shape.Clone()
	var values []onnxio.Dim
	known := len(out) == 1
	for i := range c.Node.Inputs() {
		s := c.In(i).Shape
		if len(s) != len(out) {
			return fmt.Errorf("inputs of shapes %v and %v do not join", c.In(0).Shape, s)
		}
		for j, d := range s {
			switch {
			case i == 0:
			case j == k:
				out[j], _ = addDims(out[j], d)
			case out[j].IsKnown() && d.IsKnown() && out[j] != d:
				return fmt.Errorf("inputs of shapes %v and %v do not join along axis %d", c.In(0).Shape, s, k)
			case d.IsKnown():
				out[j] = d
			}
		}
		v, ok := c.Dims(i)
		known = known && ok
		values = append(values, v...)
	}
	c.Out(0, c.In(0).Elem, out)
	if known {
		c.OutDims(values)
	}
	return nil
}

func concatAxes(a *Axes) error {
	k, err := a.Axis(0)
	if err != nil {
		return err
	}
	for j := range a.OutType(0).Shape {
		if j == k && len(a.Node.Inputs()) > 1 {
			continue
		}
		for i := range a.Node.Inputs() {
			a.Same(Out(0, j), In(i, j))
		}
	}
	if len(a.Node.Inputs()) > 1 {
		refs := make([]Ref, len(a.Node.Inputs()))
		for i := range refs {
			refs[i] = In(i, k)
		}
		a.laidOut(Out(0, k), refs)
	}
	return nil
}

// laidOut says that the positions of whole are those of the parts, one part
// after the other.
func (a *Axes) laidOut(whole Ref, parts []Ref) {
	for _, r := range append([]Ref{whole}, parts...) {
		if !a.Dim(r).IsKnown() {
			for _, r := range append([]Ref{whole}, parts...) {
				a.Pin(r, "an extent along this axis is not known")
			}
			return
		}
	}
	at := 0
	for _, r := range parts {
		n := int(a.Dim(r).Or(0))
		a.Match(whole, r, span(at, n), span(0, n))
		at += n
	}
}

// concatGrad cuts the gradient apart.
func concatGrad(g *Grad) error {
	k, err := g.Axis(0)
	if err != nil {
		return err
	}
	n := len(g.Node.Inputs())
	if n == 1 {
		g.GI(0, g.GO(0))
		return nil
	}
	sizes := make([]int64, n)
	for i := range sizes {
		var ok bool
		if sizes[i], ok = g.In(i).Shape[k].Value(); !ok {
			return fmt.Errorf("input %d has the extent %v along axis %d; only known ones are supported", i, g.In(i).Shape[k], k)
		}
	}
	parts := g.Multi("", "Split", n, []string{g.GO(0), g.List(sizes...)}, onnxio.Int("axis", int64(k)))
	for i, p := range parts {
		g.GI(i, p)
	}
	return nil
}
