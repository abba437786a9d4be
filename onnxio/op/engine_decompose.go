package op

import (
	"errors"
	"fmt"

	"github.com/prunefuse/prunefuse/onnxio"
)

// Decomposition is what a rule sees of a node that it writes as a graph of
// other operators. The rule checks whether it can before it writes anything,
// and says with NoDecomposition why it cannot.
type Decomposition struct {
	*Emit
	*Infer
}

// NoDecomposition is the error of a rule that cannot write a node as others.
func NoDecomposition(format string, args ...any) error {
	return &noGradError{fmt.Sprintf(format, args...)}
}

// Become gives output o of the node a value of its decomposition.
func (p *Decomposition) Become(o int, value string) {
	if name := p.Node.Output(o); name != "" {
		p.Into(name, "Identity", []string{value})
	}
}

// Decompose returns the model with every node whose gradient is taken through
// its decomposition replaced by it; without such a node it returns the model
// itself, which is at opset 17 or later. A node that cannot be decomposed
// stays, and has no gradient.
func Decompose(m *onnxio.Model, o InferOptions) (*onnxio.Model, error) {
	for {
		f, err := InferGraph(m, o)
		if err != nil {
			return nil, err
		}
		out := m.Clone()
		p := out.Graph.Edit()
		e := NewEmit(p, m.Opset(""), "decomposed.")
		taken := false
		for _, n := range out.Graph.Nodes() {
			d := Lookup(n, f.Opset)
			if d == nil || d.Decompose == nil {
				continue
			}
			err := d.Decompose(&Decomposition{e, &Infer{Facts: f, Node: n, Graph: out.Graph}})
			var none *noGradError
			switch {
			case errors.As(err, &none):
				continue
			case err != nil:
				return nil, fmt.Errorf("%v: decompose: %w", n, err)
			}
			p.Remove(n)
			taken = true
		}
		if !taken {
			return m, nil
		}
		out.SetOpset(Microsoft, 1)
		if err := p.Apply(); err != nil {
			return nil, err
		}
		m = out
	}
}

// throughDecomposition is the gradient facet of an operator that Decompose
// replaces: a node that is still there could not be.
func throughDecomposition(g *Grad) error {
	scratch := NewEmit(onnxio.New("").Graph.Edit(), g.Emit.Opset, "")
	err := Lookup(g.Node, g.Infer.Opset).Decompose(&Decomposition{scratch, g.Infer})
	if err == nil {
		err = &noGradError{"it is taken through its decomposition (op.Decompose)"}
	}
	return err
}
