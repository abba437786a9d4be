package pruning

import (
	"fmt"
	"maps"
	"slices"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/head"
)

// RenewHead gives a model a new last layer for a number of classes, as
// head.Renew does. The plan of a pruned model goes with it: the parent gets the
// same layer when the two are fused.
func RenewHead(m *onnxio.Model, output string, classes int, seed uint64) (*onnxio.Model, error) {
	plan, err := ReadPlan(m)
	if err != nil {
		return nil, err
	}
	out, renewal, err := head.Renew(m, output, classes, seed)
	if err != nil || plan == nil {
		return out, err
	}
	if err := plan.fits(m); err != nil {
		return nil, err
	}
	was := map[string][]int64{}
	for name, before := range renewal.Was {
		e, cut := plan.Initializers[name]
		if !cut {
			continue
		}
		now := out.Graph.Initializer(name).Dims()
		was[name] = e.Shape
		e.Shape = slices.Clone(e.Shape)
		for k := range now {
			if now[k] != before[k] {
				e.Shape[k] = now[k]
			}
		}
		plan.Initializers[name] = e
	}
	if plan.Head != nil {
		maps.Copy(was, plan.Head.Was) // those of the parent, not of a layer in between
	}
	renewal.Was = was
	plan.Head = renewal
	text, err := plan.JSON()
	if err != nil {
		return nil, fmt.Errorf("write plan: %w", err)
	}
	out.SetMeta(PlanKey, string(text))
	return out, nil
}

// withoutNewHead returns the plan as it was before the pruned network got a new
// last layer: the plan of the parent with its own.
func (p *Plan) withoutNewHead() *Plan {
	if p.Head == nil {
		return p
	}
	out := *p
	out.Head = nil
	out.Initializers = maps.Clone(p.Initializers)
	for name, shape := range p.Head.Was {
		e := out.Initializers[name]
		e.Shape = shape
		out.Initializers[name] = e
	}
	return &out
}

// checkHead refuses shapes from before that are not those of the plan's weights
// with another number of classes.
func (p *Plan) checkHead() error {
	if p.Head == nil {
		return nil
	}
	for name, was := range p.Head.Was {
		e, ok := p.Initializers[name]
		if !ok || len(was) != len(e.Shape) {
			return fmt.Errorf("weight %q is not cut from %v", name, was)
		}
		for k, n := range was {
			if n != e.Shape[k] && e.Shape[k] != int64(p.Head.Classes) {
				return fmt.Errorf("weight %q of %v was %v before %d classes", name, e.Shape, was, p.Head.Classes)
			}
		}
		e.Shape = was
		if err := e.check(); err != nil {
			return fmt.Errorf("weight %q: %w", name, err)
		}
	}
	return nil
}
