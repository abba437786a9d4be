package op

import "github.com/prunefuse/prunefuse/onnxio"

var compress = Def{
	Type: "Compress", Since: []int64{9, 11},
	Jumps: true,
	Shape: func(c *Infer) error {
		n := c.unknown(0, 0)
		if keep, ok := c.Ints(1); ok {
			n = onnxio.Known(0)
			for _, k := range keep {
				n, _ = addDims(n, truth(k != 0))
			}
		}
		if !c.Node.Has("axis") {
			c.Out(0, c.In(0).Elem, onnxio.Shape{n})
			return nil
		}
		k, err := c.Axis(0)
		if err != nil {
			return err
		}
		s := c.In(0).Shape.Clone()
		s[k] = n
		c.Out(0, c.In(0).Elem, s)
		return nil
	},
	Axes: func(a *Axes) error {
		if !a.Node.Has("axis") {
			a.PinAll("it lists elements of all axes")
			return nil
		}
		k, err := a.Axis(0)
		if err != nil {
			return err
		}
		return a.alikeBut("its positions are chosen by a condition", k)
	},
	// Gather takes what a list of the true positions names.
	Decompose: func(p *Decomposition) error {
		x, axis := p.Node.Input(0), p.Node.Int("axis", 0)
		if !p.Node.Has("axis") {
			x = p.Reshape(x, -1)
		}
		at := p.Op("Squeeze", []string{p.Of("NonZero", p.Node.Input(1)), p.List(0)})
		p.Become(0, p.Op("Gather", []string{x, at}, onnxio.Int("axis", axis)))
		return nil
	},
	Grad: throughDecomposition, Cost: free,
	Cases: []Case{
		{Name: "channels", Inputs: []Input{X(2, 4, 3), constBools(0, 1, 1)}, Attrs: attrs(onnxio.Int("axis", 1))},
		{Name: "last", Inputs: []Input{X(2, 3), constBools(1, 0, 1)}, Attrs: attrs(onnxio.Int("axis", -1))},
		{Name: "elements", Inputs: []Input{X(2, 3), constBools(0, 1, 0, 0, 1)}},
		{Name: "at run time", Inputs: []Input{integers(6), Bools([]int64{1, 0, 0, 1, 1, 0}, 6)}, Attrs: attrs(onnxio.Int("axis", 0))},
		{Name: "opset 9", Opset: 9, Inputs: []Input{X(2, 3), constBools(1, 1)}, Attrs: attrs(onnxio.Int("axis", 1))},
	},
}

func constBools(v ...int64) Input {
	return Input{Elem: onnxio.Bool, Shape: []int64{int64(len(v))}, Ints: v, Const: true}
}

// integers returns an int64 activation. A case that has one is not held to name
// every extent.
func integers(shape ...int64) Input { return Input{Elem: onnxio.Int64, Shape: shape} }
