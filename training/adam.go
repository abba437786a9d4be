package training

import (
	"cmp"
	"fmt"
	"math"

	"github.com/prunefuse/prunefuse/onnxio/op"
)

// Adam is the method of Kingma and Ba, arXiv 1412.6980, as PyTorch computes
// it: with the gradient g, the weight w and its moments m and v, which start
// at zero, in step t
//
//	g ← g + WeightDecay·w
//	m ← Beta1·m + (1 − Beta1)·g
//	v ← Beta2·v + (1 − Beta2)·g²
//	w ← w − rate/(1 − Beta1ᵗ) · m / (√v/√(1 − Beta2ᵗ) + Epsilon)
//
// The zero value has PyTorch's settings.
type Adam struct {
	// What is left of a moment after a step, below 1; 0 is 0.9 and 0.999.
	// In float64, as 1 − β is taken of them.
	Beta1       float64 `json:"beta1"`
	Beta2       float64 `json:"beta2"`
	Epsilon     float64 `json:"epsilon"`      // at least 0; 0 is 1e-8
	WeightDecay float32 `json:"weight_decay"` // in [0, 1)
}

// AdamW is Adam with the weight decay of Loshchilov and Hutter, arXiv
// 1711.05101, which is no part of the gradient: before the step,
//
//	w ← w · (1 − rate·WeightDecay)
type AdamW Adam

// PyTorch's settings.
const (
	adamBeta1   = 0.9
	adamBeta2   = 0.999
	adamEpsilon = 1e-8
)

// Name is "adam".
func (Adam) Name() string { return "adam" }

// Name is "adamw".
func (AdamW) Name() string { return "adamw" }

func (o Adam) check() error {
	for _, b := range []float64{o.Beta1, o.Beta2} {
		if !(b >= 0 && b < 1) {
			return fmt.Errorf("beta %v: want at least 0 and below 1", b)
		}
	}
	if !(o.Epsilon >= 0 && o.Epsilon < 1) {
		return fmt.Errorf("epsilon %v: want at least 0 and below 1", o.Epsilon)
	}
	return checkDecay(o.WeightDecay)
}

func (Adam) slots() []string { return []string{"moment1", "moment2"} }

// settings has the zeros replaced.
func (o Adam) settings() Adam {
	o.Beta1 = cmp.Or(o.Beta1, adamBeta1)
	o.Beta2 = cmp.Or(o.Beta2, adamBeta2)
	o.Epsilon = cmp.Or(o.Epsilon, adamEpsilon)
	return o
}

// scalars returns the size of the step and the root of the second moment's
// correction.
func (o Adam) scalars(dst []float32, rate float32, step int) []float32 {
	o = o.settings()
	first := 1 - math.Pow(o.Beta1, float64(step))
	second := 1 - math.Pow(o.Beta2, float64(step))
	return append(dst, float32(float64(rate)/first), float32(math.Sqrt(second)))
}

func (o Adam) update(e *op.Emit, w, grad string, slots, scalars []string, decays bool) (string, []string) {
	if decays && o.WeightDecay != 0 {
		grad = e.Add(grad, e.Mul(w, e.Scalar(o.WeightDecay)))
	}
	return o.settings().step(e, w, grad, slots, scalars)
}

// step returns the update after weight decay.
func (o Adam) step(e *op.Emit, w, grad string, slots, scalars []string) (string, []string) {
	scalar := func(v float64) string { return e.Scalar(float32(v)) }
	m := e.Add(e.Mul(slots[0], scalar(o.Beta1)), e.Mul(grad, scalar(1-o.Beta1)))
	v := e.Add(e.Mul(slots[1], scalar(o.Beta2)), e.Mul(e.Mul(grad, scalar(1-o.Beta2)), grad))
	denominator := e.Add(e.Div(e.Of("Sqrt", v), scalars[1]), scalar(o.Epsilon))
	return e.Sub(w, e.Div(e.Mul(m, scalars[0]), denominator)), []string{m, v}
}

func (o AdamW) check() error { return Adam(o).check() }

func (o AdamW) slots() []string { return Adam(o).slots() }

// scalars are Adam's, and what decay leaves of a weight.
func (o AdamW) scalars(dst []float32, rate float32, step int) []float32 {
	return append(Adam(o).scalars(dst, rate, step), float32(1-float64(rate)*float64(o.WeightDecay)))
}

func (o AdamW) update(e *op.Emit, w, grad string, slots, scalars []string, decays bool) (string, []string) {
	if decays && o.WeightDecay != 0 {
		w = e.Mul(w, scalars[2])
	}
	return Adam(o).settings().step(e, w, grad, slots, scalars)
}
