package pruning

import (
	"fmt"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
)

// Saving is what a model costs less.
type Saving struct{ Parameters, MACs int64 }

// Stake is what hangs on a group: what is saved where it alone loses one
// channel, or as many as a ratio of 0.5 takes.
type Stake struct{ One, Half Saving }

// Stakes are the stakes of all groups, by ID, with the figures of the whole
// model. MACs are counted as op.CountModel does, at the shapes given for
// inputs of open size.
func (a *Analysis) Stakes(shapes onnxio.InputShapes) ([]Stake, op.Stats, error) {
	m, err := newMeter(a, shapes)
	if err != nil {
		return nil, op.Stats{}, fmt.Errorf("stakes: %w", err)
	}
	out := make([]Stake, len(a.Groups))
	for i, g := range a.Groups {
		if out[i].One, err = m.saving(g, g.Size-1); err == nil {
			out[i].Half, err = m.saving(g, max(g.Size/2, 1))
		}
		if err != nil {
			return nil, op.Stats{}, fmt.Errorf("stakes: group %s: %w", g.Name(), err)
		}
	}
	return out, m.before, nil
}

// saving is what is saved when a group alone keeps so many of its channels.
func (m *meter) saving(g *Group, keep int) (Saving, error) {
	sel := make(Selection, len(m.a.Groups))
	sel[g.ID] = iota(keep)
	gone, err := m.a.removed(sel)
	if err != nil {
		return Saving{}, err
	}
	m.sel, m.gone = sel, gone
	return Saving{m.before.Parameters - m.parameters(), m.before.MACs - m.macs()}, nil
}
