package fusion

import (
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/pruning"
)

// RefusedError says that the weights around the pruned ones cannot be chosen
// so that the fused network computes what the pruned one does.
type RefusedError struct {
	Node   string // as Node.String gives it
	Reason string
}

func (e *RefusedError) Error() string {
	return fmt.Sprintf("rest preserve is not possible: %s %s; choose another --rest", e.Node, e.Reason)
}

// ground is what lies under the pruned weights in the fused model.
type ground struct {
	rest Rest
	seed uint64
	// silence tells, under Preserve, by which elements of a weight kept
	// outputs would read removed inputs.
	silence map[string]*pruning.Silence
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
			return nil, &RefusedError{mixed[0], "mixes values along a pruned axis, so new channels would change what old ones compute"}
		}
		var loud *pruning.SilenceError
		if g.silence, err = a.Silenced(sel); errors.As(err, &loud) {
			return nil, &RefusedError{loud.Node, "sums over removed channels, which no weight of theirs can keep at zero"}
		} else if err != nil {
			return nil, err
		}
	}
	return g, nil
}

// under is the dense weight as it is before the pruned one is written into
// it.
func (g *ground) under(source string, whole *onnxio.Tensor) (*onnxio.Tensor, error) {
	if silence := g.silence[source]; silence != nil {
		return silence.In(whole)
	}
	if !whole.Elem().Float() {
		return whole, nil
	}
	switch g.rest {
	case Zero:
		return whole.WithFloats(make([]float32, whole.Len()))
	case Reinit:
		return whole.WithFloats(g.drawn(source, whole))
	}
	return whole, nil
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
