package fusion

import (
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/pruning"
)

// ground is what lies under the pruned weights in the fused model.
type ground struct {
	rest Rest
	seed uint64
	// sums gives, under Preserve, the axes over which a weight's readers sum.
	sums map[string][]bool
	// ones names, under Reinit, the vectors that start at one: the scale and
	// the running variance of each BatchNorm. Others start at zero.
	ones map[string]bool
}

func newGround(dense *onnxio.Model, plan *pruning.Plan, rest Rest, seed uint64) (*ground, error) {
	g := &ground{rest: rest, seed: seed}
	switch rest {
	case Reinit:
		g.ones = map[string]bool{}
		for _, n := range dense.Graph.Nodes() {
			if n.Op() == "BatchNormalization" {
				for _, i := range []int{1, 4} {
					_, root := dense.Graph.Constant(n.Input(i))
					g.ones[root] = true
				}
			}
		}
	case Preserve:
		a, sel, err := pruning.AnalyzeFor(dense, plan)
		if err != nil {
			return nil, err
		}
		if mixed := a.Mixing(sel); len(mixed) > 0 {
			return nil, fmt.Errorf("rest preserve is not possible: %s mixes values along a pruned axis, so new channels would change what old ones compute", mixed[0])
		}
		g.sums = a.Contracted()
	}
	return g, nil
}

// under is the dense weight as it is before the pruned one is written at
// index.
func (g *ground) under(source string, whole *onnxio.Tensor, index [][]int) (*onnxio.Tensor, error) {
	if !whole.Elem().Float() {
		return whole, nil
	}
	switch g.rest {
	case Zero:
		return whole.WithFloats(make([]float32, whole.Len()))
	case Reinit:
		return whole.WithFloats(g.drawn(source, whole))
	case Preserve:
		return g.silenced(source, whole, index)
	}
	return whole, nil
}

// silenced zeroes the weights by which kept outputs read removed inputs.
func (g *ground) silenced(source string, whole *onnxio.Tensor, index [][]int) (*onnxio.Tensor, error) {
	sums := g.sums[source]
	if !slices.Contains(sums, true) {
		return whole, nil
	}
	w, err := whole.Floats()
	if err != nil {
		return nil, err
	}
	dims := whole.Dims()
	run := int64(1) // of weights that stand or fall together
	for k := len(dims) - 1; k > 0 && !sums[k] && int64(len(index[k])) == dims[k]; k-- {
		run *= dims[k]
		dims = dims[:k]
	}
	kept := make([][]bool, len(dims))
	for k := range dims {
		kept[k] = make([]bool, dims[k])
		for _, j := range index[k] {
			kept[k][j] = true
		}
	}
	for i := int64(0); i < int64(len(w)); i += run {
		rest := i / run
		oldOutput, newInput := true, false
		for k := len(dims) - 1; k >= 0; k-- {
			old := kept[k][rest%dims[k]]
			rest /= dims[k]
			if sums[k] {
				newInput = newInput || !old
			} else {
				oldOutput = oldOutput && old
			}
		}
		if oldOutput && newInput {
			clear(w[i : i+run])
		}
	}
	return whole.WithFloats(w)
}

// drawn are new starting weights: Kaiming normal over the fan-out for
// convolution kernels (He et al. 2015), Xavier uniform for matrices (Glorot &
// Bengio 2010), and for vectors the constants that layers start from.
func (g *ground) drawn(name string, t *onnxio.Tensor) []float32 {
	h := fnv.New64a()
	h.Write([]byte(name))
	rng := rand.New(rand.NewPCG(g.seed, h.Sum64()))
	out := make([]float32, t.Len())
	dims := t.Dims()
	switch {
	case len(dims) > 2:
		fan := dims[0]
		for _, d := range dims[2:] {
			fan *= d
		}
		std := math.Sqrt(2 / float64(fan))
		for i := range out {
			out[i] = float32(rng.NormFloat64() * std)
		}
	case len(dims) == 2:
		bound := math.Sqrt(6 / float64(dims[0]+dims[1]))
		for i := range out {
			out[i] = float32((2*rng.Float64() - 1) * bound)
		}
	case g.ones[name]:
		for i := range out {
			out[i] = 1
		}
	}
	return out
}
