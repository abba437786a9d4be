package op

import (
	"fmt"

	"github.com/prunefuse/prunefuse/onnxio"
)

// Inline returns the model with its own functions, and the branches of every
// If whose condition is known, in the place of the nodes that call for them.
// A model without either is returned as it is.
func Inline(m *onnxio.Model) (*onnxio.Model, error) {
	out := m.Clone()
	if err := out.InlineFunctions(); err != nil {
		return nil, fmt.Errorf("inline functions: %w", err)
	}
	for {
		chosen, err := inlineBranches(out)
		if err != nil {
			return nil, fmt.Errorf("inline branches: %w", err)
		}
		if !chosen {
			return out, nil
		}
	}
}

// inlineBranches replaces the Ifs whose condition is known; it reports
// whether there were any.
func inlineBranches(m *onnxio.Model) (chosen bool, err error) {
	var ifs []*onnxio.Node
	for _, n := range m.Graph.Nodes() {
		if n.Op() == "If" && n.Domain() == "" {
			ifs = append(ifs, n)
		}
	}
	if len(ifs) == 0 {
		return false, nil
	}
	f, err := InferGraph(m, InferOptions{})
	if err != nil {
		return false, err
	}
	p := m.Graph.Edit()
	for _, n := range ifs {
		c := &Infer{Facts: f, Node: n, Graph: m.Graph}
		if v, ok := c.Ints(0); ok && len(v) == 1 {
			chosen = true
			if err := p.Inline(n, branch(v[0] != 0)); err != nil {
				return false, err
			}
		}
	}
	return chosen, p.Apply()
}

// branch returns the attribute that holds the branch taken.
func branch(cond bool) string {
	if cond {
		return "then_branch"
	}
	return "else_branch"
}
