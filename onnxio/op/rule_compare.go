package op

import "github.com/prunefuse/prunefuse/onnxio"

// truthHasNone is why operators that compare and test have no gradient.
const truthHasNone = "its output is a truth value"

// compare returns the shape rule of operators that give the truth of f for each
// pair of elements.
func compare(f func(a, b int64) bool) func(*Infer) error {
	return func(c *Infer) error {
		if err := broadcastTo(c, onnxio.Bool, 0); err != nil {
			return err
		}
		c.elements(0, func(a, b onnxio.Dim) (onnxio.Dim, bool) {
			x, xok := a.Value()
			y, yok := b.Value()
			switch {
			case a == b:
				return truth(f(1, 1)), true
			case xok && x < 0 && isExtent(b):
				return truth(f(x, 0)), true // whichever it is
			case yok && y < 0 && isExtent(a):
				return truth(f(0, y)), true
			}
			return truth(f(x, y)), xok && yok
		})
		return nil
	}
}

func compareCases() []Case {
	return []Case{
		{Name: "floats", Inputs: []Input{X(2, 3), X(3)}},
		{Name: "of shapes", Inputs: []Input{I64(2, 3, -1), I64(2, 4, -2)}},
		{Name: "against one", Inputs: []Input{I64(2, 3, -1), I0(2)}},
	}
}
