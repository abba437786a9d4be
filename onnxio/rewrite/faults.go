package rewrite

import (
	"fmt"
	"slices"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
)

// AvoidFaults writes a model so that what ONNX Runtime 1.23 and before get wrong
// of it does not come up. The model stays what it computes by the standard; one
// without such places is returned as it is.
//
//   - A Transpose that moves nothing, before a Gemm of a square matrix, is taken
//     for one that turns it.
//   - A Dropout in inference, before a product with a constant that is worked
//     out, is removed while it is still read.
//   - A BatchNormalization in training mode writes its running statistics over
//     constants, which other nodes may share.
func AvoidFaults(m *onnxio.Model) (*onnxio.Model, error) {
	f, err := op.InferGraph(m, op.InferOptions{})
	if err != nil {
		return m, nil // what cannot be inferred is the runtime's to judge
	}
	out := m.Clone()
	a := &avoiding{g: out.Graph, facts: f, p: out.Graph.Edit()}
	for _, n := range out.Graph.Nodes() {
		if n.Domain() != "" {
			continue
		}
		switch n.Op() {
		case "Transpose":
			if slices.IsSorted(n.Ints("perm")) && n.Has("perm") {
				a.bypass(n)
			}
		case "Dropout":
			if mask := n.Output(1); !op.Draws(f, out.Graph, n) && (mask == "" || (len(out.Graph.Consumers(mask)) == 0 && !out.Graph.IsOutput(mask))) {
				a.bypass(n)
			}
		case "BatchNormalization":
			a.ownStatistics(n)
		}
	}
	if !a.changed {
		return m, nil
	}
	if err := a.p.Apply(); err != nil {
		return nil, fmt.Errorf("avoid faults of the runtime: %w", err)
	}
	return out, nil
}

type avoiding struct {
	g       *onnxio.Graph
	facts   *op.Facts
	p       *onnxio.Patch
	changed bool
}

// bypass has the readers of a node that hands on its first input read that.
func (a *avoiding) bypass(n *onnxio.Node) {
	captured := slices.ContainsFunc(a.g.Consumers(n.Output(0)), func(u onnxio.Use) bool { return u.Index < 0 })
	if a.g.IsOutput(n.Output(0)) || captured {
		x, y, name := n.Input(0), n.Output(0), n.Name()
		a.p.Remove(n)
		a.p.Add(onnxio.NodeSpec{Op: "Identity", Name: name, Inputs: []string{x}, Outputs: []string{y}})
	} else {
		a.p.Redirect(n.Output(0), n.Input(0))
		a.p.Remove(n)
	}
	a.changed = true
}

// ownStatistics writes a BatchNormalization in training mode whose running
// statistics nobody reads as the arithmetic that it stands for.
func (a *avoiding) ownStatistics(n *onnxio.Node) {
	if !op.OverBatch(a.facts.Opset, n) || a.facts.Types[n.Input(0)].Elem != onnxio.Float32 {
		return
	}
	for _, o := range n.Outputs()[1:] {
		if o != "" && (len(a.g.Consumers(o)) > 0 || a.g.IsOutput(o)) {
			return
		}
	}
	rank := len(a.facts.Types[n.Input(0)].Shape)
	axes, column := []int64{0}, []int64{-1}
	for k := 2; k < rank; k++ {
		axes, column = append(axes, int64(k)), append(column, 1)
	}
	e := op.NewEmit(a.p, a.facts.Opset, n.Output(0)+".")
	const epsilon = 1e-5 // the operator's own
	x, y := n.Input(0), n.Output(0)
	a.p.Remove(n)
	centred := e.Sub(x, e.Mean(x, true, axes...))
	deviation := e.Of("Sqrt", e.Add(e.Mean(e.Square(centred), true, axes...), e.Scalar(n.Float("epsilon", epsilon))))
	scaled := e.Mul(e.Div(centred, deviation), e.Reshape(n.Input(1), column...))
	e.Into(y, "Add", []string{scaled, e.Reshape(n.Input(2), column...)})
	a.changed = true
}
