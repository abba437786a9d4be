package scoring

import (
	"errors"
	"fmt"
	"math"
)

// Reasons for which one sample has no score.
var (
	// ErrNotFinite marks a sample whose model output holds a NaN or an
	// infinity.
	ErrNotFinite = errors.New("model output is not finite")
	// ErrNotProbabilities marks a sample whose model output was announced as
	// probabilities and is not: a value outside [0, 1] or a sum other than 1.
	ErrNotProbabilities = errors.New("model output is not a probability distribution")
)

// probabilitySlack is how far from 1 the sum of a model's float32 (or
// float16) Softmax output may be.
const probabilitySlack = 1e-2

// Row is what the measures see of one sample: its class probabilities and
// the few numbers most of them share. A Row is reused from sample to sample,
// so that a pass over a pool allocates nothing.
type Row struct {
	// P are the class probabilities, float64, summing to 1.
	P []float64
	// First and Second are the most and the second most probable class; the
	// lower class comes first where two are equally probable.
	First, Second int
	// Rest is 1 − P[First], summed from the other classes so that it keeps
	// its digits where P[First] rounds to 1.
	Rest float64
	// Members are the class probabilities by each member of an ensemble, nil
	// where there is one model. P is then their mean.
	Members [][]float64
	// Draw is a uniform number in [0, 1) that depends on the seed and the
	// sample's ID alone.
	Draw float64

	count []int
}

// SetLogits fills P, First, Second and Rest from the two or more logits of
// one sample.
func (r *Row) SetLogits(z []float32) error {
	if err := r.rank(z); err != nil {
		return err
	}
	top := float64(z[r.First])
	for k, v := range z {
		r.P[k] = math.Exp(float64(v) - top)
	}
	r.normalise()
	return nil
}

// SetProbabilities fills P, First, Second and Rest from the two or more
// class probabilities of one sample, as a model that ends in Softmax gives
// them.
func (r *Row) SetProbabilities(p []float32) error {
	if err := r.rank(p); err != nil {
		return err
	}
	var sum float64
	for k, v := range p {
		if v < 0 || v > 1+probabilitySlack {
			return fmt.Errorf("%w: class %d has %g", ErrNotProbabilities, k, v)
		}
		r.P[k] = float64(v)
		sum += float64(v)
	}
	if math.Abs(sum-1) > probabilitySlack {
		return fmt.Errorf("%w: the sum is %g", ErrNotProbabilities, sum)
	}
	r.normalise()
	return nil
}

// SetMembers fills Members, and P, First, Second and Rest from their mean,
// from the values of one sample: two or more classes a member, one member
// after the other, logits or else probabilities.
func (r *Row) SetMembers(values []float32, classes int, probabilities bool) error {
	set := r.SetLogits
	if probabilities {
		set = r.SetProbabilities
	}
	r.sizeMembers(len(values)/classes, classes)
	for m, p := range r.Members {
		if err := set(values[m*classes : (m+1)*classes]); err != nil {
			return fmt.Errorf("member %d: %w", m, err)
		}
		copy(p, r.P)
	}
	clear(r.P)
	for _, p := range r.Members {
		for k, v := range p {
			r.P[k] += v
		}
	}
	for k := range r.P {
		r.P[k] /= float64(len(r.Members))
	}
	r.rankMean()
	return nil
}

func (r *Row) sizeMembers(members, classes int) {
	if len(r.Members) == members && len(r.Members[0]) == classes {
		return
	}
	r.Members = make([][]float64, members)
	for m := range r.Members {
		r.Members[m] = make([]float64, classes)
	}
}

// rankMean finds the two largest values of P and what is left of 1.
func (r *Row) rankMean() {
	r.First, r.Second = 0, 1
	if r.P[1] > r.P[0] {
		r.First, r.Second = 1, 0
	}
	for k := 2; k < len(r.P); k++ {
		switch {
		case r.P[k] > r.P[r.First]:
			r.First, r.Second = k, r.First
		case r.P[k] > r.P[r.Second]:
			r.Second = k
		}
	}
	r.normalise()
}

// rank sizes P and finds the two largest values.
func (r *Row) rank(z []float32) error {
	if len(z) < 2 {
		return fmt.Errorf("%d output: a score needs at least 2 classes", len(z))
	}
	if cap(r.P) < len(z) {
		r.P = make([]float64, len(z))
	}
	r.P = r.P[:len(z)]
	r.First, r.Second = 0, 1
	if z[1] > z[0] {
		r.First, r.Second = 1, 0
	}
	for k, v := range z {
		if f := float64(v); math.IsNaN(f) || math.IsInf(f, 0) {
			return fmt.Errorf("%w: class %d has %g", ErrNotFinite, k, v)
		}
		switch {
		case k < 2:
		case v > z[r.First]:
			r.First, r.Second = k, r.First
		case v > z[r.Second]:
			r.Second = k
		}
	}
	return nil
}

// normalise divides P by its sum, which adds the largest term last so that
// the small ones count.
func (r *Row) normalise() {
	var rest float64
	for k, v := range r.P {
		if k != r.First {
			rest += v
		}
	}
	sum := rest + r.P[r.First]
	for k := range r.P {
		r.P[k] /= sum
	}
	r.Rest = rest / sum
}
