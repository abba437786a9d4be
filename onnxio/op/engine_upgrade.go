package op

import (
	"fmt"

	"github.com/prunefuse/prunefuse/onnxio"
)

// TrainOpset is the least opset that training graphs are written in; older
// models are lifted to it first.
const TrainOpset = 17

// Upgrade is what an upgrade rule sees of one node of an older opset. The
// rule edits the node through the patch.
type Upgrade struct {
	*Infer
	*Emit
	From int64 // the node's opset
}

// AttrToInput moves a list attribute to an input, as later opsets have it.
func (u *Upgrade) AttrToInput(attr string, input int) {
	if u.Node.Has(attr) {
		u.Patch.SetInput(u.Node, input, u.List(u.Node.Ints(attr)...))
		u.Patch.DropAttr(u.Node, attr)
	}
}

// Lift returns the model at opset 17 where it is older, else the model
// itself. Every node must be in the table.
func Lift(m *onnxio.Model) (*onnxio.Model, error) {
	from := m.Opset("")
	if from >= TrainOpset {
		return m, nil
	}
	f, err := InferGraph(m, InferOptions{})
	if err != nil {
		return nil, err
	}
	m = m.Clone()
	p := m.Graph.Edit()
	e := NewEmit(p, TrainOpset, "lift.")
	for _, n := range m.Graph.Nodes() {
		d := Lookup(n, from)
		if d == nil {
			return nil, &UnsupportedError{n.String(), n.Op(), from, "definition", "it is not in the operator table (see `prunefuse ops`)"}
		}
		if d.Upgrade == nil {
			continue
		}
		if err := d.Upgrade(&Upgrade{&Infer{Facts: f, Node: n, Graph: m.Graph}, e, from}); err != nil {
			return nil, fmt.Errorf("%v: lift from opset %d: %w", n, from, err)
		}
	}
	if err := p.Apply(); err != nil {
		return nil, err
	}
	m.SetOpset("", TrainOpset)
	return m, nil
}
