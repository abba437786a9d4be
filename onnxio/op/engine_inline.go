package op

import (
	"fmt"
	"slices"

	"github.com/prunefuse/prunefuse/onnxio"
)

// Inline returns the model with its own functions, and the branches of every
// If whose condition is known, in the place of the nodes that call for them,
// and with sparse constants written out. A model without any of these is
// returned as it is.
func Inline(m *onnxio.Model) (*onnxio.Model, error) {
	out := m.Clone()
	if err := out.InlineFunctions(sameMeaning); err != nil {
		return nil, fmt.Errorf("inline functions: %w", err)
	}
	if err := out.WriteOutSparse(); err != nil {
		return nil, err
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

// sameMeaning reports whether an operator of the table has one definition for two
// versions of its operator set.
func sameMeaning(domain, name string, versions [2]int64) bool {
	d := index[key{domain, name}]
	low, high := min(versions[0], versions[1]), max(versions[0], versions[1])
	return d != nil && low >= d.Since[0] && (domain != "" || low >= MinOpset) &&
		!slices.ContainsFunc(d.Since, func(v int64) bool { return low < v && v <= high })
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
