package training

import (
	"fmt"
	"slices"
	"strings"

	"github.com/prunefuse/prunefuse/onnxio"
)

// Decay says which parameters weight decay acts on.
type Decay string

const (
	// DecayAll is every parameter, as PyTorch's optimisers have it.
	DecayAll Decay = "all"
	// DecayWeights spares biases and the parameters of normalisations: what
	// has one axis, what a normalisation reads besides its data, and what
	// varies along one axis only and is added to values or scales them, as
	// exporters write a bias, a scale or a slope that stands alone.
	DecayWeights Decay = "weights"
)

func (d Decay) check() error {
	if d != "" && d != DecayAll && d != DecayWeights {
		return fmt.Errorf("decay %q: want %s or %s", d, DecayAll, DecayWeights)
	}
	return nil
}

// on reports whether a parameter of the graph decays.
func (d Decay) on(g *onnxio.Graph, t *onnxio.Tensor) bool {
	if d != DecayWeights {
		return true
	}
	uses := g.Consumers(t.Name())
	normalises := func(u onnxio.Use) bool {
		return u.Index > 0 && strings.HasSuffix(u.Node.Op(), "Normalization")
	}
	if t.Rank() <= 1 || slices.ContainsFunc(uses, normalises) {
		return false
	}
	varies := 0
	for _, n := range t.Dims() {
		if n > 1 {
			varies++
		}
	}
	applied := func(u onnxio.Use) bool {
		return slices.Contains([]string{"Add", "Sub", "Mul", "Div", "PRelu"}, u.Node.Op())
	}
	return varies > 1 || slices.ContainsFunc(uses, func(u onnxio.Use) bool { return !applied(u) })
}
