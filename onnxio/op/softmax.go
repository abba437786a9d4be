package op

import "github.com/prunefuse/prunefuse/onnxio"

var softmax = Def{
	Type: "Softmax", Since: []int64{1, 11, 13},
	Shape: softmaxShape, Axes: softmaxAxes, Cost: free, Upgrade: softmaxUpgrade,
	// dx = y·(dy − Σ dy·y)
	Grad: func(g *Grad) error {
		k, err := g.Axis(-1)
		if err != nil {
			return err
		}
		dyy := g.Mul(g.GO(0), g.O(0))
		g.GI(0, g.Sub(dyy, g.Mul(g.O(0), g.Sum(dyy, true, int64(k)))))
		return nil
	},
	Cases: softmaxCases(),
}

func softmaxCases() []Case {
	return []Case{
		{Name: "classes", Inputs: []Input{X(3, 5)}},
		{Name: "channels", Inputs: []Input{X(2, 3, 4)}, Attrs: attrs(onnxio.Int("axis", 1))},
		{Name: "opset 7", Opset: 7, Inputs: []Input{X(3, 5)}},
		{Name: "opset 7, all axes from 1", Opset: 7, Inputs: []Input{X(2, 3, 4)}},
		{Name: "opset 11, from the end", Opset: 11, Inputs: []Input{X(2, 3, 4)}, Attrs: attrs(onnxio.Int("axis", -2))},
		{Name: "opset 11, all", Opset: 11, Inputs: []Input{X(2, 3)}, Attrs: attrs(onnxio.Int("axis", 0))},
	}
}

// softmaxAxis returns the axis acted on. Before opset 13 it is the first of
// those that are acted on together.
func softmaxAxis(c *Infer) (k int, together bool, err error) {
	if c.Opset >= 13 {
		k, err = c.Axis(-1)
		return k, false, err
	}
	k, err = c.Axis(1)
	return k, true, err
}

func softmaxShape(c *Infer) error {
	if _, _, err := softmaxAxis(c); err != nil {
		return err
	}
	return sameAsInput(c)
}

func softmaxAxes(a *Axes) error {
	k, together, err := softmaxAxis(a.Infer)
	if err != nil {
		return err
	}
	for j := range a.In(0).Shape {
		a.Same(In(0, j), Out(0, j))
		if j == k || (together && j > k) {
			a.Pin(In(0, j), "its values are weighed against each other")
		}
	}
	return nil
}

// softmaxUpgrade makes what acted on several axes together act on one: the
// axes are merged before and parted after.
func softmaxUpgrade(u *Upgrade) error {
	if u.From >= 13 {
		return nil
	}
	k, _, err := softmaxAxis(u.Infer)
	if err != nil {
		return err
	}
	if k == len(u.In(0).Shape)-1 {
		return nil // which is also what the new default means
	}
	x, y := u.Node.Input(0), u.Node.Output(0)
	u.Patch.SetInput(u.Node, 0, u.Op("Flatten", []string{x}, onnxio.Int("axis", int64(k))))
	u.Patch.SetAttr(u.Node, onnxio.Int("axis", 1))
	flat := u.Patch.Fresh(y + ".flat")
	u.Patch.SetOutputs(u.Node, flat)
	u.Into(y, "Reshape", []string{flat, u.Op("Shape", []string{x})})
	return nil
}
