package training

import (
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
)

// variable is a tensor that a step replaces.
type variable struct {
	kind  kind
	name  string         // of the graph input
	of    string         // the weight or statistic that it is, or belongs to
	start *onnxio.Tensor // an initializer of the base, zeros for a slot or a sum
}

type kind int

const (
	parameter kind = iota
	slot           // of the optimiser
	statistic
	sum     // of the gradients of the batches that a step has taken so far
	average // moving, of a parameter or statistic
)

// program is a graph that takes states to new ones. Its inputs are first what
// is no state, then the states of reads in their order; its outputs are laid
// out the same way by writes.
type program struct {
	model         *onnxio.Model
	emit          *op.Emit
	reads, writes []int // of the training graph's states
}

// newProgram returns a program of no nodes, to be written through emit.
func newProgram(name string, opset int64, kernels bool) *program {
	m := onnxio.New(name)
	m.SetOpset("", opset)
	m.SetOpset(op.Microsoft, 1)
	e := op.NewEmit(m.Graph.Edit(), opset, "train.")
	e.Kernels = kernels
	if kernels {
		m.SetOpset(op.Native, 1)
	}
	return &program{model: m, emit: e}
}

// read makes a state an input.
func (g *program) read(t *trainingGraph, i int) {
	g.emit.Patch.SetInputType(t.state[i].name, t.state[i].start.Type())
	g.reads = append(g.reads, i)
}

// write makes a value the new state.
func (g *program) write(t *trainingGraph, i int, value string) {
	g.emit.Patch.SetOutputType(value, t.state[i].start.Type())
	g.writes = append(g.writes, i)
}

// add makes a tensor a state of the step.
func (t *trainingGraph) add(v variable) int {
	t.state = append(t.state, v)
	return len(t.state) - 1
}

// zeros makes a state of the shape of a weight, which starts at zero.
func (t *trainingGraph) zeros(k kind, stem string, w *onnxio.Tensor) int {
	name := t.fresh(stem + "/" + w.Name())
	return t.add(variable{k, name, w.Name(), onnxio.NewTensor(name, w.Dims(), make([]float32, w.Len()))})
}

// fresh returns a name that no value of the step has yet.
func (t *trainingGraph) fresh(name string) string { return t.gradient.emit.Patch.Fresh(name) }
