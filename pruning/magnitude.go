package pruning

import (
	"context"
	"math"
	"slices"
)

// collect adds up, for each choice of each group, what a rule gives for the
// indices of the weight axes that the choice removes. Of says which axes of
// which weights count; layers is how many did, by group. The weights w are
// the rule's until it returns.
func (a *Analysis) collect(
	of func(u *use, axis int) bool, rule func(u *use, w []float32, axis int) []float64,
) (sums [][]float64, layers []int, err error) {
	sums, layers = make([][]float64, len(a.Groups)), make([]int, len(a.Groups))
	axes := map[*use][]int{}
	for i, g := range a.Groups {
		sums[i] = make([]float64, g.Size)
		for _, m := range g.Members {
			if m.use.tensor.Elem().Float() && of(m.use, m.Axis) {
				layers[i]++
				if !slices.Contains(axes[m.use], m.Axis) {
					axes[m.use] = append(axes[m.use], m.Axis)
				}
			}
		}
	}
	var w []float32
	for _, u := range a.uses {
		if len(axes[u]) == 0 {
			continue
		}
		if w, err = u.tensor.AppendFloats(w[:0]); err != nil {
			return nil, nil, err
		}
		for _, k := range axes[u] {
			each := rule(u, w, k)
			a.positions(u.axes[k], func(p int, r elem) {
				if at := a.group[r]; at.group != nil {
					sums[at.group.ID][at.index] += each[p]
				}
			})
		}
	}
	return sums, layers, nil
}

// mean is collect divided by the number of layers. A group without any scores
// 0 throughout.
func (a *Analysis) mean(
	of func(u *use, axis int) bool, rule func(u *use, w []float32, axis int) []float64,
) (scores [][]float64, layers []int, err error) {
	scores, layers, err = a.collect(of, rule)
	for i := range scores {
		for k := range scores[i] {
			scores[i][k] /= float64(max(layers[i], 1))
		}
	}
	return scores, layers, err
}

// power is what becomes of a weight before it is added up.
type power int

const (
	signed    power = 0
	magnitude power = 1
	square    power = 2
)

func (n power) of(v float32) float64 {
	switch x := float64(v); n {
	case magnitude:
		return math.Abs(x)
	case square:
		return x * x
	default:
		return x
	}
}

// sums is the rule that adds up the weights at an index.
func (n power) sums(u *use, w []float32, axis int) []float64 {
	return sumsAlong(w, u.tensor.Dims(), axis, n)
}

// sumsAlong adds up a power of the elements at every index of one axis.
func sumsAlong(w []float32, dims []int64, axis int, n power) []float64 {
	inner := 1
	for _, d := range dims[axis+1:] {
		inner *= int(d)
	}
	sums := make([]float64, dims[axis])
	for at := 0; at < len(w); {
		for j := range sums {
			sum := 0.0
			for _, v := range w[at : at+inner] {
				sum += n.of(v)
			}
			sums[j] += sum
			at += inner
		}
	}
	return sums
}

// kernel selects kernels and matrices: vectors such as biases are all equal
// before training.
func kernel(u *use, _ int) bool { return u.tensor.Rank() > 1 }

// squared is the paper's score.
func squared(_ context.Context, a *Analysis, _ Evidence) ([][]float64, error) {
	scores, _, err := a.mean(kernel, square.sums)
	return scores, err
}

func absolute(_ context.Context, a *Analysis, _ Evidence) ([][]float64, error) {
	scores, _, err := a.mean(kernel, magnitude.sums)
	return scores, err
}

// groupNorm is the norm by which Torch-Pruning's GroupNormPruner holds a
// channel (Fang et al., "DepGraph", CVPR 2023, equation 4): the square root
// of the sum of the squares of everything learnt that goes with it but the
// biases, over all coupled layers.
func groupNorm(_ context.Context, a *Analysis, _ Evidence) ([][]float64, error) {
	scores, _, err := a.collect(func(u *use, k int) bool { return kernel(u, k) || u.scale }, square.sums)
	for i := range scores {
		for k, v := range scores[i] {
			scores[i][k] = math.Sqrt(v)
		}
	}
	return scores, err
}

// bnScale is Liu et al., "Network Slimming", ICCV 2017, without the sparse
// training.
func bnScale(ctx context.Context, a *Analysis, e Evidence) ([][]float64, error) {
	scores, layers, err := a.mean(func(u *use, _ int) bool { return u.scale }, magnitude.sums)
	if err != nil {
		return nil, err
	}
	others, err := squared(ctx, a, e)
	if err != nil {
		return nil, err
	}
	for i, n := range layers {
		if n == 0 {
			scores[i] = others[i]
		}
	}
	return scores, nil
}
