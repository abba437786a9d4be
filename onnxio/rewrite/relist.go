package rewrite

import (
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
)

// list is the shape that a Reshape is to have.
type list struct {
	node *onnxio.Node
	to   []int64
}

// choose finds which axis of a Reshape to a constant shape holds the samples,
// and leaves the extent of that axis to be what remains. The digits of its input
// say how much lies outside of the samples; of the axes that this allows, one
// that begins with the sample is preferred, and the last one, which holds
// features, is not. At a batch of one several may be right by their numbers:
// whether the choice keeps samples apart is seen behind it.
func (s *samples) choose(n *onnxio.Node) {
	if n.Op() != "Reshape" || n.Domain() != "" {
		return
	}
	has, known := onnxio.Shape(s.facts.Values[n.Input(1)]).Ints()
	to, fixed := s.stated.Types[n.Output(0)].Shape.Ints()
	outer, carried := s.outside(n.Input(0))
	if !known || !fixed || !carried || len(has) != len(to) {
		return
	}
	batch, from := s.batch.Or(1), s.facts.Types[n.Input(0)].Shape
	k := holder(to, outer, batch)
	if k < 0 || has[k] == -1 || (has[k] == 0 && from[k].Mul(s.batch) == sampleDim.Mul(onnxio.Known(to[k]))) {
		return
	}
	to[k] = -1
	s.lists = append(s.lists, list{n, to})
	s.was = s.facts.Values[n.Input(1)]
	values := make([]onnxio.Dim, len(to))
	for i, v := range to {
		values[i] = onnxio.Known(v)
	}
	s.facts.Values[n.Input(1)] = values
}

// outside is how many values of a tensor lie outside of its samples.
func (s *samples) outside(name string) (outer int64, carried bool) {
	outer = 1
	for k, d := range s.facts.Types[name].Shape {
		own := digits{d}
		if axes := s.axes[name]; k < len(axes) && axes[k] != nil {
			own = axes[k]
		}
		for _, e := range own {
			if e == sampleDim {
				return outer, true
			}
			v, ok := e.Value()
			if !ok {
				return 0, false
			}
			outer *= v
		}
	}
	return 0, false
}

// holder is the axis of a shape that holds samples behind so many other values,
// −1 where none can.
func holder(to []int64, outer, batch int64) int {
	found, before := -1, int64(1)
	for k, extent := range to {
		if before < 1 || extent < 1 || outer%before != 0 {
			break
		}
		if before*extent%(outer*batch) == 0 {
			if before == outer && (k < len(to)-1 || extent == batch) {
				return k
			}
			if found < 0 {
				found = k
			}
		}
		before *= extent
	}
	return found
}

// write gives the Reshapes their shapes.
func (s *samples) write(p *onnxio.Patch) {
	emit := op.NewEmit(p, s.facts.Opset, "batch.")
	for _, l := range s.lists {
		p.SetInput(l.node, 1, emit.List(l.to...))
	}
}
