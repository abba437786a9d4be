package training

import (
	"errors"
	"fmt"

	"github.com/prunefuse/prunefuse/onnxio/op"
)

// SGD is stochastic gradient descent as PyTorch computes it, without
// dampening: with the gradient g, the weight w and its momentum v, which
// starts at zero,
//
//	g ← g + WeightDecay·w
//	v ← Momentum·v + g
//	w ← w − rate·v, or with Nesterov w − rate·(g + Momentum·v)
//
// The zero value is plain descent.
type SGD struct {
	Momentum    float32 `json:"momentum"`     // in [0, 1)
	WeightDecay float32 `json:"weight_decay"` // in [0, 1)
	Nesterov    bool    `json:"nesterov"`     // needs momentum
}

// Name is "sgd".
func (SGD) Name() string { return "sgd" }

func (o SGD) check() error {
	if !(o.Momentum >= 0 && o.Momentum < 1) {
		return fmt.Errorf("momentum %v: want at least 0 and below 1", o.Momentum)
	}
	if o.Nesterov && o.Momentum == 0 {
		return errors.New("nesterov: it needs a momentum above 0")
	}
	return checkDecay(o.WeightDecay)
}

func checkDecay(decay float32) error {
	if !(decay >= 0 && decay < 1) {
		return fmt.Errorf("weight decay %v: want at least 0 and below 1", decay)
	}
	return nil
}

func (o SGD) slots() []string {
	if o.Momentum == 0 {
		return nil
	}
	return []string{"momentum"}
}

func (SGD) scalars(dst []float32, rate float32, _ int) []float32 { return append(dst, rate) }

func (o SGD) update(e *op.Emit, w, grad string, slots, scalars []string, decays bool) (string, []string) {
	if decays && o.WeightDecay != 0 {
		grad = e.Add(grad, e.Mul(w, e.Scalar(o.WeightDecay)))
	}
	step := grad
	if o.Momentum != 0 {
		momentum := e.Scalar(o.Momentum)
		step = e.Add(e.Mul(slots[0], momentum), grad)
		slots = []string{step}
		if o.Nesterov {
			step = e.Add(grad, e.Mul(step, momentum))
		}
	}
	return e.Sub(w, e.Mul(step, scalars[0])), slots
}
