package op

import "github.com/prunefuse/prunefuse/onnxio"

var bitShift = Def{
	Type: "BitShift", Since: []int64{11},
	Shape: broadcastShape, Axes: elementwise, Grad: NoGrad(integersHaveNone), Cost: free,
	Cases: []Case{
		shiftCase("left", "LEFT", onnxio.Uint8, 3),
		shiftCase("right", "RIGHT", onnxio.Uint32, 3),
		shiftCase("by one for all", "LEFT", onnxio.Uint64, 1),
	},
}

// shiftCase shifts six numbers by as many as there are in the second operand.
func shiftCase(name, direction string, elem onnxio.Elem, by int64) Case {
	return Case{
		Name: name, Attrs: attrs(onnxio.Str("direction", direction)),
		Inputs: []Input{
			{Elem: elem, Shape: []int64{2, 3}, Ints: []int64{1, 2, 3, 40, 50, 60}},
			{Elem: elem, Shape: []int64{by}, Ints: []int64{1, 0, 2}[:by]},
		},
	}
}
