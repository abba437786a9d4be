package op

import "github.com/prunefuse/prunefuse/onnxio"

var meanVarianceNormalization = Def{
	Type: "MeanVarianceNormalization", Since: []int64{9, 13},
	Shape: func(c *Infer) error {
		if _, err := mvnAxes(c); err != nil {
			return err
		}
		return sameAsInput(c)
	},
	Axes: func(a *Axes) error {
		axes, err := mvnAxes(a.Infer)
		if err != nil {
			return err
		}
		for k, mixed := range axes {
			if mixed {
				a.Mixes(In(0, k))
			}
		}
		return alike(a)
	},
	Grad: func(g *Grad) error {
		set, err := mvnAxes(g.Infer)
		if err != nil {
			return err
		}
		g.GI(0, g.unstandardize(g.standardize(g.I(0), true, mvnEpsilon*mvnEpsilon, numbers(set)...), g.GO(0)))
		return nil
	},
	Cost: free,
	Cases: []Case{
		{Name: "image", Inputs: []Input{X(2, 3, 4, 5)}},
		{Name: "all", Inputs: []Input{X(2, 3, 4, 5)}, Attrs: attrs(onnxio.Ints("axes", 0, 1, 2, 3))},
		{Name: "last axes", Inputs: []Input{X(2, 3, 4, 5)}, Attrs: attrs(onnxio.Ints("axes", -1, -2))},
		{Name: "features", Inputs: []Input{X(4, 5)}, Attrs: attrs(onnxio.Ints("axes", 1))},
		{Name: "opset 9", Opset: 9, Inputs: []Input{X(2, 3, 4, 5)}},
	},
}

// mvnEpsilon is added to the standard deviation.
const mvnEpsilon = 1e-9

// mvnAxes marks the axes that the mean and the variance are taken over.
func mvnAxes(c *Infer) ([]bool, error) {
	axes := c.Node.Ints("axes")
	if axes == nil {
		axes = []int64{0, 2, 3}
	}
	return axisSet(axes, len(c.In(0).Shape))
}
