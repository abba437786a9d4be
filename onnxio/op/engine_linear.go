package op

import "github.com/prunefuse/prunefuse/onnxio"

// Linear says that output 0 of an operator is linear in each of the operands
// it sums over, plus a bias.
type Linear struct {
	// Bias is the input added to the sum, Factor times where that attribute is
	// there; 0 where the operator has none.
	Bias   int
	Factor string
	// Axis is the output axis along which a bias of one axis runs.
	Axis int
	// Product, where set, says what the node is in the operand that is its
	// input x and the weight that is the other. It is an error where the facts
	// do not tell.
	Product func(c *Infer, x int) (*Product, error)
}

// Scale is what the node multiplies its bias by.
func (l Linear) Scale(n *onnxio.Node) float64 {
	if l.Factor == "" {
		return 1
	}
	return float64(n.Float(l.Factor, 1))
}

// Offset says that adding a number to input X gives what adding Scale times
// that number to input By does.
type Offset struct {
	X, By int
	Scale float64
}
