package op

import "github.com/prunefuse/prunefuse/onnxio"

// broadcastShape is the shape rule of operators whose operands broadcast to
// one shape.
func broadcastShape(c *Infer) error { return broadcastTo(c, c.In(0).Elem, 0) }

// broadcastTo gives output 0 the element type and the shape that the
// operands from the first one on broadcast to.
func broadcastTo(c *Infer, elem onnxio.Elem, first int) error {
	shape := c.In(first).Shape
	for i := range c.Node.Inputs() {
		if i < first || !c.Has(i) {
			continue
		}
		var err error
		if shape, err = Broadcast(shape, c.In(i).Shape); err != nil {
			return err
		}
	}
	c.Out(0, elem, shape)
	return nil
}

// broadcastCases returns the operand shapes on which two-operand elementwise
// operators are checked.
func broadcastCases() []Case {
	return []Case{
		{Name: "same", Inputs: []Input{X(2, 3, 4), X(2, 3, 4)}},
		{Name: "channel", Inputs: []Input{X(2, 3, 4, 4), Pos(3, 1, 1)}},
		{Name: "scalar", Inputs: []Input{X(2, 3), Pos()}},
		{Name: "last axis", Inputs: []Input{X(2, 3, 4), Pos(4)}},
		{Name: "left is smaller", Inputs: []Input{X(3, 1), Pos(2, 3, 4)}},
		{Name: "both broadcast", Inputs: []Input{X(2, 1, 4), Pos(3, 1)}},
	}
}

// integerCases are operands that shapes are computed with.
func integerCases() []Case {
	return []Case{
		{Name: "of shapes", Inputs: []Input{I64(2, 3, -7), I64(4, 5, 2)}},
		{Name: "of a scalar", Inputs: []Input{I64(12, 3), I0(4)}},
		{Name: "of scalars", Inputs: []Input{I0(13), I0(4)}},
	}
}
