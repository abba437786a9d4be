package pruning

import (
	"fmt"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
)

// retype adapts the types that the model declares of its values. Those of
// graph inputs and outputs only change where Options.FreeEnds let them. What
// no rule can infer, such as what comes out of an operator that is not in the
// table, is known from there alone.
func (c *cutter) retype() {
	g := c.Model.Graph
	for _, v := range g.Inputs() {
		if t, changed := c.retyped(v); changed {
			c.patch.SetInputType(v.Name, t)
		}
	}
	for _, v := range g.Outputs() {
		if t, changed := c.retyped(v); changed {
			c.patch.SetOutputType(v.Name, t)
		}
	}
	types := map[string]onnxio.Type{}
	for _, n := range g.Nodes() {
		for _, o := range n.Outputs() {
			if t := c.Facts.Types[o]; declares(g, o) && t.Elem != onnxio.Undefined && !c.isConstant(o) {
				types[o], _ = c.retyped(onnxio.Value{Name: o, Type: t})
			}
		}
	}
	c.patch.SetTypes(types)
}

func declares(g *onnxio.Graph, name string) bool {
	_, ok := g.Declared(name)
	return ok
}

func (c *cutter) retyped(v onnxio.Value) (onnxio.Type, bool) {
	t := onnxio.Type{Elem: v.Type.Elem, Shape: v.Type.Shape.Clone()}
	changed := false
	for k, x := range c.values[v.Name] {
		if k < len(t.Shape) && len(x) > 0 && !c.space.open(x) {
			if now := len(c.kept(x, c.gone)); now != x.extent() {
				t.Shape[k] = onnxio.Known(int64(now))
				changed = true
			}
		}
	}
	return t, changed
}

// recheck infers the shapes of the cut model and compares every value's
// with what the selection leaves of it.
func (c *cutter) recheck(m *onnxio.Model) error {
	f, err := op.InferGraph(m, op.InferOptions{})
	if err != nil {
		return err
	}
	types := map[string]onnxio.Type{}
	for _, n := range m.Graph.Nodes() {
		for _, o := range n.Outputs() {
			got := f.Types[o]
			if declares(c.Model.Graph, o) && got.Elem != onnxio.Undefined {
				types[o] = got
			}
			axes, ok := c.values[o]
			if !ok || got.Shape == nil || c.isConstant(o) {
				continue
			}
			for k, x := range axes {
				if len(x) == 0 || k >= len(got.Shape) || c.space.open(x) {
					continue
				}
				if want := int64(len(c.kept(x, c.gone))); !got.Shape[k].Is(want) {
					return fmt.Errorf("%v: output %q has shape %v after the cut, want %d on axis %d", n, o, got.Shape, want, k)
				}
			}
		}
	}
	p := m.Graph.Edit()
	p.SetTypes(types)
	return p.Apply()
}

// isConstant reports whether a value is a constant or an alias of one; such are
// cut as their readers need them.
func (c *cutter) isConstant(name string) bool {
	t, _ := c.Model.Graph.Constant(name)
	return t != nil
}
