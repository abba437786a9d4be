package op

import "github.com/prunefuse/prunefuse/onnxio"

// argShape is the shape rule of operators that give the index of an element
// along an axis.
func argShape(c *Infer) error {
	k, err := c.Axis(0)
	if err != nil {
		return err
	}
	s := c.In(0).Shape.Clone()
	if c.Node.Int("keepdims", 1) != 0 {
		s[k] = onnxio.Known(1)
	} else {
		s = append(s[:k], s[k+1:]...)
	}
	c.Out(0, onnxio.Int64, s)
	return nil
}

func argAxes(a *Axes) error {
	k, err := a.Axis(0)
	if err != nil {
		return err
	}
	a.Pin(In(0, k), "it is indexed by position")
	keep := a.Node.Int("keepdims", 1) != 0
	for j := range a.In(0).Shape {
		switch {
		case j < k || (j > k && keep):
			a.Same(In(0, j), Out(0, j))
		case j > k:
			a.Same(In(0, j), Out(0, j-1))
		case keep:
			a.Free(Out(0, k))
		}
	}
	return nil
}

func argCases() []Case {
	ties := XOf([]float32{1, 3, 3, 2, 0, 0}, 2, 3)
	return []Case{
		{Name: "classes", Inputs: []Input{X(3, 5)}, Attrs: attrs(onnxio.Int("axis", 1))},
		{Name: "squeezed", Inputs: []Input{X(2, 5, 3)}, Attrs: attrs(onnxio.Int("axis", 1), onnxio.Int("keepdims", 0))},
		{Name: "from the end", Inputs: []Input{X(2, 3, 4)}, Attrs: attrs(onnxio.Int("axis", -2))},
		{Name: "first axis", Inputs: []Input{X(4, 3)}, Attrs: attrs(onnxio.Int("keepdims", 0))},
		{Name: "vector to a scalar", Inputs: []Input{X(7)}, Attrs: attrs(onnxio.Int("keepdims", 0))},
		{Name: "ties", Inputs: []Input{ties}, Attrs: attrs(onnxio.Int("axis", 1), onnxio.Int("select_last_index", 1))},
		{Name: "opset 7", Opset: 7, Inputs: []Input{ties}, Attrs: attrs(onnxio.Int("axis", 1))},
		{Name: "opset 11", Opset: 11, Inputs: []Input{ties}, Attrs: attrs(onnxio.Int("axis", -1))},
	}
}
