package training

import (
	"errors"
	"fmt"

	"github.com/prunefuse/prunefuse/onnxio/op"
)

// Clip bounds gradients before the optimiser takes them, weight decay not
// counted. The zero value leaves them as they are; one bound at most is set.
type Clip struct {
	// Norm is the most that the root of the sum of all squares may be; beyond
	// it all gradients shrink by the same factor, as in PyTorch's
	// clip_grad_norm_.
	Norm float32 `json:"norm"`
	// Value is the most that an element may be, up or down, as in
	// clip_grad_value_.
	Value float32 `json:"value"`
}

func (c Clip) check() error {
	for _, bound := range []float32{c.Norm, c.Value} {
		if !(bound >= 0) || !finite(bound) {
			return fmt.Errorf("clip gradients at %v: want above 0", bound)
		}
	}
	if c.Norm > 0 && c.Value > 0 {
		return errors.New("clip gradients by norm or by value, not by both")
	}
	return nil
}

// normEpsilon keeps PyTorch's factor from a division by zero.
const normEpsilon = 1e-6

// write bounds the gradients of parameters in place.
func (c Clip) write(e *op.Emit, parameters []learner) {
	switch {
	case c.Norm > 0:
		var squares []string
		for _, l := range parameters {
			squares = append(squares, e.Reduce("ReduceSumSquare", l.grad, false, axesOf(l.weight.Rank())...))
		}
		norm := e.Of("Sqrt", e.Op("Sum", squares))
		factor := e.Div(e.Scalar(c.Norm), e.Add(norm, e.Scalar(normEpsilon)))
		factor = e.Op("Min", []string{factor, e.Scalar(1)})
		for i := range parameters {
			parameters[i].grad = e.Mul(parameters[i].grad, factor)
		}
	case c.Value > 0:
		for i := range parameters {
			parameters[i].grad = e.Op("Clip", []string{parameters[i].grad, e.Scalar(-c.Value), e.Scalar(c.Value)})
		}
	}
}

func axesOf(rank int) []int64 {
	axes := make([]int64, rank)
	for i := range axes {
		axes[i] = int64(i)
	}
	return axes
}
