package op

import (
	"errors"
	"fmt"

	"github.com/prunefuse/prunefuse/onnxio"
)

// Parts is what a rule sees of a node that it writes as a graph of other
// operators. The rule checks whether it can before it writes anything, and
// says with NoParts why it cannot.
type Parts struct {
	*Emit
	*Infer
}

// NoParts is the error of a rule that cannot write a node as others.
func NoParts(format string, args ...any) error {
	return &noGradError{fmt.Sprintf(format, args...)}
}

// Become gives output o of the node the value of a part.
func (p *Parts) Become(o int, value string) {
	if name := p.Node.Output(o); name != "" {
		p.Into(name, "Identity", []string{value})
	}
}

// Decompose returns the model with every node whose gradient is taken through
// its parts replaced by them; without one it returns the model itself, which
// is at opset 17 or later. A node that cannot be stays, and has no gradient.
func Decompose(m *onnxio.Model, o InferOptions) (*onnxio.Model, error) {
	for {
		f, err := InferGraph(m, o)
		if err != nil {
			return nil, err
		}
		whole := m.Clone()
		p := whole.Graph.Edit()
		e := NewEmit(p, m.Opset(""), "parts.")
		taken := false
		for _, n := range whole.Graph.Nodes() {
			d := Lookup(n, f.Opset)
			if d == nil || d.Parts == nil {
				continue
			}
			err := d.Parts(&Parts{e, &Infer{Facts: f, Node: n, Graph: whole.Graph}})
			var none *noGradError
			switch {
			case errors.As(err, &none):
				continue
			case err != nil:
				return nil, fmt.Errorf("%v: take apart: %w", n, err)
			}
			p.Remove(n)
			taken = true
		}
		if !taken {
			return m, nil
		}
		whole.SetOpset(Microsoft, 1)
		if err := p.Apply(); err != nil {
			return nil, err
		}
		m = whole
	}
}

// throughParts is the gradient facet of an operator that Decompose replaces:
// a node that is still there could not be.
func throughParts(g *Grad) error {
	scratch := NewEmit(onnxio.New("").Graph.Edit(), g.Emit.Opset, "")
	err := Lookup(g.Node, g.Infer.Opset).Parts(&Parts{scratch, g.Infer})
	if err == nil {
		err = &noGradError{"it is taken through its parts (op.Decompose)"}
	}
	return err
}
