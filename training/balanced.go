package training

import (
	"errors"
	"fmt"
	"iter"
)

// BalancedWeights returns weights for [Loss] that give every class the same
// weight in total: the number of samples by the number of classes times the
// samples of the class. A class without a sample is an error.
func BalancedWeights(labels iter.Seq[int], classes int) ([]float32, error) {
	if classes < 2 {
		return nil, errors.New("the model's output is not one of several classes")
	}
	counts := make([]int, classes)
	samples := 0
	for l := range labels {
		samples++
		if 0 <= l && l < classes {
			counts[l]++
		}
	}
	out := make([]float32, classes)
	for c, n := range counts {
		if n == 0 {
			return nil, fmt.Errorf("class %d of %d has no samples", c, classes)
		}
		out[c] = float32(samples) / float32(classes*n)
	}
	return out, nil
}
