//go:build cgo

package kernel_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/ort/kernel"
)

const (
	epsilon  = 1e-3
	momentum = 0.8
)

// norm is a BatchNormalization in float64, forward and back.
type norm struct {
	x, scale, bias, mean, variance, residual array
	relu                                     bool
	dy, dy2                                  array
}

// each calls f for every element with its channel, for one channel after the
// other.
func (n *norm) each(c int, f func(i int)) {
	channels := int(n.x.shape[1])
	size := len(n.x.data) / int(n.x.shape[0]) / channels
	for image := range int(n.x.shape[0]) {
		for k := range size {
			f((image*channels+c)*size + k)
		}
	}
}

// forward is y, the new statistics, and the batch's.
func (n *norm) forward() []array {
	channels := n.x.shape[1]
	out := []array{{n.x.shape, make([]float32, len(n.x.data))}}
	for range 4 {
		out = append(out, array{[]int64{channels}, make([]float32, channels)})
	}
	for c := range int(channels) {
		mean, variance, inverse, count := n.statistics(c)
		unbiased := variance * count / max(count-1, 1)
		out[1].data[c] = float32(momentum*float64(n.mean.data[c]) + (1-momentum)*mean)
		out[2].data[c] = float32(momentum*float64(n.variance.data[c]) + (1-momentum)*unbiased)
		out[3].data[c], out[4].data[c] = float32(mean), float32(inverse)
		n.each(c, func(i int) {
			y := (float64(n.x.data[i])-mean)*inverse*float64(n.scale.data[c]) + float64(n.bias.data[c])
			if n.residual.data != nil {
				y += float64(n.residual.data[i])
			}
			if n.relu {
				y = max(y, 0)
			}
			out[0].data[i] = float32(y)
		})
	}
	return out
}

func (n *norm) statistics(c int) (mean, variance, inverse, count float64) {
	n.each(c, func(i int) { mean += float64(n.x.data[i]); count++ })
	mean /= count
	n.each(c, func(i int) { variance += (float64(n.x.data[i]) - mean) * (float64(n.x.data[i]) - mean) })
	variance /= count
	return mean, variance, 1 / math.Sqrt(variance+epsilon), count
}

// backward is dx, dscale, dbias and dz, for the output y.
func (n *norm) backward(y array) []array {
	out := []array{
		{n.x.shape, make([]float32, len(n.x.data))},
		{n.scale.shape, make([]float32, len(n.scale.data))},
		{n.scale.shape, make([]float32, len(n.scale.data))},
		{n.x.shape, make([]float32, len(n.x.data))},
	}
	for c := range n.scale.data {
		mean, _, inverse, count := n.statistics(c)
		dz := func(i int) float64 {
			d := float64(n.dy.data[i])
			if n.dy2.data != nil {
				d += float64(n.dy2.data[i])
			}
			if n.relu && !(y.data[i] > 0) {
				return 0
			}
			return d
		}
		normal := func(i int) float64 { return (float64(n.x.data[i]) - mean) * inverse }
		var sum, product float64
		n.each(c, func(i int) { sum += dz(i); product += dz(i) * normal(i) })
		out[1].data[c], out[2].data[c] = float32(product), float32(sum)
		n.each(c, func(i int) {
			out[0].data[i] = float32(float64(n.scale.data[c]) * inverse * (dz(i) - sum/count - normal(i)*product/count))
			out[3].data[i] = float32(dz(i))
		})
	}
	return out
}

var (
	normOuts = []string{"y", "mean", "variance", "center", "inverse"}
	gradOuts = []string{"dx", "dscale", "dbias"}
)

// nodes are both directions, with what is there.
func (n *norm) nodes(dz bool) (nodes []onnxio.NodeSpec, outs []string, in []array) {
	in = []array{n.x, n.scale, n.bias, n.mean, n.variance, n.dy}
	relu := int64(0)
	y, dy2, residual := "", "", ""
	if n.relu {
		relu, y = 1, "y"
	}
	if n.residual.data != nil {
		in, residual = append(in, n.residual), fmt.Sprint(len(in))
	}
	if n.dy2.data != nil {
		in, dy2 = append(in, n.dy2), fmt.Sprint(len(in))
	}
	outs = slices.Clone(gradOuts)
	if dz {
		outs = append(outs, "dz")
	}
	return []onnxio.NodeSpec{
		{
			Op: "BatchNormalization", Domain: kernel.Domain, Inputs: []string{"0", "1", "2", "3", "4", residual}, Outputs: normOuts,
			Attrs: []onnxio.Attr{onnxio.Float("epsilon", epsilon), onnxio.Float("momentum", momentum), onnxio.Int("relu", relu)},
		},
		{Op: "BatchNormalizationGrad", Domain: kernel.Domain, Inputs: []string{"5", "0", "1", "center", "inverse", y, dy2}, Outputs: outs},
	}, append(slices.Clone(normOuts), outs...), in
}

func newNorm(rng *rand.Rand, shape []int64, residual, relu, dy2 bool) *norm {
	c := shape[1]
	n := &norm{x: normal(rng, shape...), scale: normal(rng, c), bias: normal(rng, c), mean: normal(rng, c), variance: normal(rng, c), relu: relu, dy: normal(rng, shape...)}
	for i := range n.x.data {
		n.x.data[i] += 5 // a mean beside which the deviation is small
	}
	if residual {
		n.residual = normal(rng, shape...)
	}
	if dy2 {
		n.dy2 = normal(rng, shape...)
	}
	return n
}

func TestBatchNormalization(t *testing.T) {
	shapes := [][]int64{{4, 3}, {1, 1, 5}, {3, 2, 7}, {2, 5, 4, 4}, {3, 17, 3, 5}, {2, 40, 2, 2}, {5, 64, 8, 8}, {2, 3, 45, 50}, {2, 2, 3, 4, 5}, {7, 33, 1, 1}}
	eachLevel(t, func(t *testing.T) {
		for _, shape := range shapes {
			for with := range 16 {
				residual, relu, dy2, dz := with&1 != 0, with&2 != 0, with&4 != 0, with&8 != 0
				t.Run(fmt.Sprintf("%v residual %v relu %v dy2 %v dz %v", shape, residual, relu, dy2, dz), func(t *testing.T) {
					n := newNorm(rand.New(rand.NewPCG(1, uint64(with))), shape, residual, relu, dy2)
					nodes, outs, in := n.nodes(dz)
					got := compute(t, 2, nodes, outs, in...)
					want := n.forward()
					for i, name := range normOuts {
						near(t, name, got[i], want[i], 3e-6)
					}
					back := n.backward(got[0])
					for i, name := range outs[len(normOuts):] {
						near(t, name, got[len(normOuts)+i], back[i], 1e-4) // sums may all but cancel
					}
				})
			}
		}
	})
}

// TestBatchNormalizationSums: the statistics of as many numbers as a batch of
// images has, far from zero, are good to the last bits.
func TestBatchNormalizationSums(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		n := newNorm(rand.New(rand.NewPCG(3, 4)), []int64{128, 2, 32, 32}, false, true, false)
		for i := range n.x.data {
			n.x.data[i] += 1000
		}
		nodes, outs, in := n.nodes(false)
		got, want := compute(t, 2, nodes, outs, in...), n.forward()
		near(t, "mean", got[3], want[3], 1e-7)
		near(t, "deviation", got[4], want[4], 1e-6)
	})
}

// TestBatchNormalizationThreads: a number of threads changes no bit.
func TestBatchNormalizationThreads(t *testing.T) {
	n := newNorm(rand.New(rand.NewPCG(5, 6)), []int64{6, 40, 6, 6}, true, true, true)
	nodes, outs, in := n.nodes(true)
	one := compute(t, 1, nodes, outs, in...)
	for _, threads := range []int{2, 3, 8} {
		for i, a := range compute(t, threads, nodes, outs, in...) {
			if !slices.Equal(a.data, one[i].data) {
				t.Errorf("%d threads: %s differs", threads, outs[i])
			}
		}
	}
}

// TestBatchNormalizationKeepsNaN: what is not a number is seen behind a Relu.
func TestBatchNormalizationKeepsNaN(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		n := newNorm(rand.New(rand.NewPCG(7, 8)), []int64{2, 2, 5, 5}, false, true, false)
		n.x.data[3] = float32(math.NaN())
		nodes, outs, in := n.nodes(false)
		y := compute(t, 1, nodes, outs, in...)[0]
		n.each(0, func(i int) {
			if v := y.data[i]; v == v {
				t.Fatalf("element %d of a channel with a NaN is %v", i, v)
			}
		})
		n.each(1, func(i int) {
			if v := y.data[i]; v != v {
				t.Fatalf("element %d of the other channel is %v", i, v)
			}
		})
	})
}
