package pruning

import (
	"context"
	"errors"
	"fmt"
	"math"
)

// taylor is the mean over the batches of |Σ w·∂L/∂w|, the change of the loss
// to first order when all coupled weights of a channel become zero together
// (Molchanov et al., "Importance Estimation for Neural Network Pruning", CVPR
// 2019, whose score is its square). It ranks channels of all groups against
// each other. A vector that several layers share counts with all of its
// gradient for each of them.
func taylor(ctx context.Context, a *Analysis, e Evidence) ([][]float64, error) {
	total := make([][]float64, len(a.Groups))
	for i, g := range a.Groups {
		total[i] = make([]float64, g.Size)
	}
	batches := 0
	for gradients, err := range e.Gradients(a.Model) {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return nil, err
		}
		sums, err := a.firstOrder(gradients)
		if err != nil {
			return nil, err
		}
		for i := range sums {
			for k, v := range sums[i] {
				total[i][k] += math.Abs(v)
			}
		}
		batches++
	}
	if batches == 0 {
		return nil, errors.New("there are no gradients")
	}
	for i := range total {
		for k := range total[i] {
			total[i][k] /= float64(batches)
		}
	}
	return total, nil
}

// firstOrder is Σ w·∂L/∂w over all coupled weights of each choice.
func (a *Analysis) firstOrder(gradients map[string][]float32) ([][]float64, error) {
	for _, u := range a.uses {
		if g, ok := gradients[u.root]; ok && int64(len(g)) != u.tensor.Len() {
			return nil, fmt.Errorf("the gradient of %q has %d elements, the weight %d", u.root, len(g), u.tensor.Len())
		}
	}
	sums, _, err := a.collect(
		func(u *use, _ int) bool { return gradients[u.root] != nil },
		func(u *use, w []float32, axis int) []float64 {
			product := make([]float32, len(w))
			for i, g := range gradients[u.root] {
				product[i] = w[i] * g
			}
			return sumsAlong(product, u.tensor.Dims(), axis, signed)
		})
	return sums, err
}
