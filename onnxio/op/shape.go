package op

import "github.com/prunefuse/prunefuse/onnxio"

// shape is named so in ONNX: the extents of a tensor as a tensor.
var shape = Def{
	Type: "Shape", Since: []int64{1, 13, 15, 19, 21, 23},
	Shape: func(c *Infer) error {
		s := c.In(0).Shape
		rank := int64(len(s))
		clamp := func(v int64) int64 {
			if v < 0 {
				v += rank
			}
			return min(max(v, 0), rank)
		}
		start, end := clamp(c.Node.Int("start", 0)), clamp(c.Node.Int("end", rank))
		s = s[start:max(start, end)]
		c.Out(0, onnxio.Int64, onnxio.ShapeOf(int64(len(s))))
		c.OutDims(s)
		return nil
	},
	Axes: readsExtents, Grad: NoGrad("its output is integer"), Cost: free,
	Cases: []Case{
		{Name: "whole", Inputs: []Input{X(2, 3, 4)}},
		{Name: "part", Inputs: []Input{X(2, 3, 4)}, Attrs: attrs(onnxio.Int("start", 1), onnxio.Int("end", -1))},
		{Name: "beyond", Inputs: []Input{X(2, 3)}, Attrs: attrs(onnxio.Int("start", -5), onnxio.Int("end", 9))},
		{Name: "empty", Inputs: []Input{X(2, 3)}, Attrs: attrs(onnxio.Int("start", 2), onnxio.Int("end", 1))},
		{Name: "of a scalar", Inputs: []Input{X()}},
		{Name: "opset 7", Opset: 7, Inputs: []Input{X(2, 3)}},
	},
}

// readsExtents is the axis rule of operators that look at extents alone,
// which may change.
func readsExtents(a *Axes) error {
	for k := range a.In(0).Shape {
		a.Free(In(0, k))
	}
	return nil
}
