package training

import (
	"fmt"

	"github.com/prunefuse/prunefuse/onnxio/op"
)

// SGD is stochastic gradient descent as PyTorch computes it: with the gradient
// g, the weight w and its momentum v, which starts at zero,
//
//	g ← g + WeightDecay·w
//	v ← Momentum·v + g
//	w ← w − rate·v
//
// The zero value is plain descent. Weight decay acts on every parameter,
// biases and normalisation included.
type SGD struct {
	Momentum    float32 // in [0, 1)
	WeightDecay float32 // at least 0
}

func (o SGD) check() error {
	if !(o.Momentum >= 0 && o.Momentum < 1) {
		return fmt.Errorf("momentum %v: want at least 0 and below 1", o.Momentum)
	}
	if !(o.WeightDecay >= 0 && o.WeightDecay < 1) {
		return fmt.Errorf("weight decay %v: want at least 0 and below 1", o.WeightDecay)
	}
	return nil
}

// slots names the tensors a parameter has beside itself.
func (o SGD) slots() []string {
	if o.Momentum == 0 {
		return nil
	}
	return []string{"momentum"}
}

// update writes one parameter's step and returns its new value and those of
// its slots.
func (o SGD) update(e *op.Emit, w, grad string, slots []string, rate string) (string, []string) {
	if o.WeightDecay != 0 {
		grad = e.Add(grad, e.Mul(w, e.Scalar(o.WeightDecay)))
	}
	if o.Momentum != 0 {
		grad = e.Add(e.Mul(slots[0], e.Scalar(o.Momentum)), grad)
		slots = []string{grad}
	}
	return e.Sub(w, e.Mul(grad, rate)), slots
}
