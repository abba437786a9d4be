package scoring

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
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
	// Draw is a uniform number in [0, 1) that depends on the seed and the
	// sample's ID alone.
	Draw float64
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

// draw is the uniform number of a sample: PCG seeded with the run's seed and
// the FNV-1a hash of the ID.
func draw(seed uint64, id string) float64 {
	h := uint64(14695981039346656037)
	for i := range len(id) {
		h = (h ^ uint64(id[i])) * 1099511628211
	}
	var pcg rand.PCG
	pcg.Seed(seed, h)
	return float64(pcg.Uint64()>>11) / (1 << 53)
}
