package rewrite

import (
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
)

// FuseKernels joins operators of the domain op.Native in a training graph
// with what stands around them, so that fewer passes are made over memory:
//
//   - BatchNormalization takes in the Add of a residual and the Relu that alone
//     read it;
//   - its gradient takes in the ReluGrad or Sum that makes what arrives, and
//     gives that out, too, where others read it;
//   - ReluGrad takes in a Sum that it alone reads.
//
// types are of the values of the forward graph: an Add that broadcasts stays.
func FuseKernels(m *onnxio.Model, types map[string]onnxio.Type) (*onnxio.Model, error) {
	out := m.Clone()
	for _, fuse := range []func(*fusing, *onnxio.Node){
		func(f *fusing, n *onnxio.Node) { f.residual(n, types) },
		(*fusing).activation, (*fusing).sum, (*fusing).arriving,
	} {
		f := &fusing{graph: out.Graph, patch: out.Graph.Edit(), taken: map[*onnxio.Node]bool{}}
		for _, n := range out.Graph.Nodes() {
			if n.Domain() == op.Native && !f.taken[n] {
				fuse(f, n)
			}
		}
		if err := f.patch.Apply(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// fusing is one pass over the graph.
type fusing struct {
	graph *onnxio.Graph
	patch *onnxio.Patch
	taken map[*onnxio.Node]bool // nodes that are gone
}

// take removes a node, whose output from gets another producer.
func (f *fusing) take(n *onnxio.Node) {
	f.patch.Remove(n)
	f.taken[n] = true
}

// only is the one node that reads a value, as one of its inputs; nil where
// others do, or the graph gives it out.
func (f *fusing) only(value string) *onnxio.Node {
	uses := f.graph.Consumers(value)
	if len(uses) != 1 || uses[0].Index < 0 || f.graph.IsOutput(value) || f.taken[uses[0].Node] {
		return nil
	}
	return uses[0].Node
}

// residual is the Add behind a BatchNormalization that the other operand does
// not hang on.
func (f *fusing) residual(n *onnxio.Node, types map[string]onnxio.Type) {
	if n.Op() != "BatchNormalization" {
		return
	}
	y := n.Output(0)
	add := f.only(y)
	if add == nil || add.Domain() != "" || add.Op() != "Add" {
		return
	}
	other := add.Input(0)
	if other == y {
		other = add.Input(1)
	}
	if a, b := types[y].Shape, types[other].Shape; a == nil || !a.Equal(b) || f.needs(other, n) {
		return
	}
	f.take(add)
	f.patch.SetInput(n, 5, other)
	f.output(n, add.Output(0))
}

// needs reports whether a value is made with the help of a node.
func (f *fusing) needs(value string, n *onnxio.Node) bool {
	seen := map[*onnxio.Node]bool{}
	for values := []string{value}; len(values) > 0; {
		from := f.graph.Producer(values[len(values)-1])
		values = values[:len(values)-1]
		if from == n {
			return true
		}
		if from != nil && !seen[from] {
			seen[from] = true
			values = append(values, from.Inputs()...)
		}
	}
	return false
}

// output renames the first output of a node.
func (f *fusing) output(n *onnxio.Node, name string) {
	outs := append([]string{name}, n.Outputs()[1:]...)
	f.patch.SetOutputs(n, outs...)
}

// activation is the Relu behind a BatchNormalization.
func (f *fusing) activation(n *onnxio.Node) {
	if n.Op() != "BatchNormalization" {
		return
	}
	relu := f.only(n.Output(0))
	if relu == nil || relu.Domain() != "" || relu.Op() != "Relu" {
		return
	}
	f.take(relu)
	f.patch.SetAttr(n, onnxio.Int("relu", 1))
	f.output(n, relu.Output(0))
}

// sum is the Sum before a ReluGrad.
func (f *fusing) sum(n *onnxio.Node) {
	if n.Op() != "ReluGrad" || n.Input(2) != "" {
		return
	}
	s := f.graph.Producer(n.Input(0))
	if s == nil || s.Domain() != op.Native || s.Op() != "Sum" || f.only(n.Input(0)) != n {
		return
	}
	f.take(s)
	f.patch.SetInput(n, 0, s.Input(0))
	f.patch.SetInput(n, 2, s.Input(1))
}

// arriving is the ReluGrad or Sum before the gradient of a BatchNormalization.
func (f *fusing) arriving(n *onnxio.Node) {
	if n.Op() != "BatchNormalizationGrad" {
		return
	}
	dz := n.Input(0)
	from := f.graph.Producer(dz)
	if from == nil || from.Domain() != op.Native || f.taken[from] {
		return
	}
	var y, dy2 string
	switch from.Op() {
	case "ReluGrad":
		y, dy2 = from.Input(1), from.Input(2)
	case "Sum":
		dy2 = from.Input(1)
	default:
		return
	}
	alone := f.only(dz) == n
	f.take(from)
	f.patch.SetInput(n, 0, from.Input(0))
	f.patch.SetInput(n, 5, y)
	f.patch.SetInput(n, 6, dy2)
	if !alone {
		f.patch.SetOutputs(n, append(n.Outputs(), dz)...)
	}
}
