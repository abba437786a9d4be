package main

import (
	"fmt"

	"github.com/prunefuse/prunefuse/internal/term"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
)

// unmerged counts a model's parameters as the framework it came from does.
// Exporters keep one copy of vectors that hold equal numbers, such as all the
// zero biases of one length: here each node that reads one has its own.
func unmerged(m *onnxio.Model) int64 {
	g, opset := m.Graph, m.Opset("")
	total := int64(0)
	whole := map[string]bool{} // matrices and kernels met so far
	for _, n := range g.Nodes() {
		if n.Op() == "Identity" {
			continue
		}
		for i, in := range n.Inputs() {
			t, root := g.Constant(in)
			if t == nil || !t.Elem().Float() || t.Rank() == 0 || op.IsState(n, i, opset) || whole[root] {
				continue
			}
			whole[root] = !t.IsVector()
			total += t.Len()
		}
	}
	return total
}

// comparable reports whether the model is the very network that Torch-Pruning
// was given, pruned in the same way: an export that folds BatchNormalization
// has other parameters.
func (o *outcome) comparable() bool {
	return o.Error == "" && o.TorchPruning != nil && o.asPeer && o.Before.Unmerged == o.TorchPruning.Dense
}

// golden tells whether the channels are as many as Torch-Pruning leaves, by
// the parameters.
func (o *outcome) golden() string {
	if o.TorchPruning == nil || !o.asPeer {
		return "–"
	}
	text := term.Count(o.TorchPruning.Pruned)
	switch more := o.After.Unmerged - o.TorchPruning.Pruned; {
	case !o.comparable():
		return text + ", of another form of the network"
	case more != 0:
		return fmt.Sprintf("%s, differs by %+d", text, more)
	}
	return text + ", equal"
}
