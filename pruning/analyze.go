package pruning

import (
	"fmt"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
)

// Analysis is what can be pruned of a model: the groups of indices that go
// together, and for every axis that cannot be pruned the reason.
type Analysis struct {
	Model  *onnxio.Model
	Facts  *op.Facts
	Groups []*Group // prunable, in the order of their first weight
	Pinned []Pinned

	space  *space
	values map[string][]axis // of activations
	uses   []*use            // of constants, in node order
	byUse  map[useKey]*use
	rules  map[*onnxio.Node]*op.Axes
	made   map[elem][]elem // classes that follow from others
	group  map[elem]place  // by class root
}

// place is a class's position in its group.
type place struct {
	group *Group
	index int
}

// use is a constant as one or more nodes read it, with the axes it is read
// by.
type use struct {
	tensor *onnxio.Tensor
	root   string // the initializer or Constant output
	axes   []axis
	reads  []onnxio.Use
	// state is set for running statistics, which are no learnable weights.
	state bool
	scale bool // the scale of a BatchNormalization
}

type useKey struct {
	root string
	node *onnxio.Node // nil where all readers share the indices
	slot int
}

// Options say what may be pruned. The zero value spares nothing.
type Options struct {
	// Ignore lists nodes, by name, whose outputs keep all their indices.
	Ignore []string
	// FreeEnds lets the axes of graph inputs and outputs be pruned, for tests
	// of single operators.
	FreeEnds bool
}

// Analyze finds the groups of a model. It fails where the model's shapes
// contradict its operators; an operator the table does not have is no
// failure, but pins what it touches.
func Analyze(m *onnxio.Model, o Options) (*Analysis, error) {
	facts, err := op.InferGraph(m, op.InferOptions{})
	if err != nil {
		return nil, fmt.Errorf("analyze: %w", err)
	}
	a := &Analysis{
		Model: m, Facts: facts, space: &space{}, values: map[string][]axis{}, byUse: map[useKey]*use{},
		rules: map[*onnxio.Node]*op.Axes{}, group: map[elem]place{},
	}
	for _, v := range m.Graph.Inputs() {
		a.values[v.Name] = a.newAxes(v.Type.Shape)
		if !o.FreeEnds {
			for k, x := range a.values[v.Name] {
				a.space.keep(x, "graph input %q, axis %d", v.Name, k)
			}
		}
	}
	ignored := map[string]bool{}
	for _, name := range o.Ignore {
		ignored[name] = true
	}
	for _, n := range m.Graph.Nodes() {
		if err := a.node(n); err != nil {
			return nil, fmt.Errorf("analyze: %w", err)
		}
		if ignored[n.Name()] {
			delete(ignored, n.Name())
			for _, out := range n.Outputs() {
				for _, x := range a.values[out] {
					a.space.keep(x, "node %q is to be left alone", n.Name())
				}
			}
		}
	}
	for name := range ignored {
		return nil, fmt.Errorf("analyze: the model has no node %q to leave alone", name)
	}
	if !o.FreeEnds {
		a.pinOutputs()
	}
	a.made = a.space.settle()
	a.form()
	return a, nil
}

func (a *Analysis) pinOutputs() {
	for _, v := range a.Model.Graph.Outputs() {
		for k, x := range a.values[v.Name] {
			a.space.keep(x, "graph output %q, axis %d", v.Name, k)
		}
		if t := a.Model.Graph.Initializer(v.Name); t != nil {
			for k, x := range a.shared(t, v.Name).axes {
				a.space.keep(x, "graph output %q, axis %d", v.Name, k)
			}
		}
	}
}

func (a *Analysis) newAxes(s onnxio.Shape) []axis {
	out := make([]axis, len(s))
	for i, d := range s {
		if n, ok := d.Value(); ok && n > 0 {
			out[i] = axis{a.space.born(int(n))}
		}
	}
	return out
}

// shared is the use of a constant by all its readers together.
func (a *Analysis) shared(t *onnxio.Tensor, root string) *use {
	return a.use(useKey{root: root}, t)
}

func (a *Analysis) use(k useKey, t *onnxio.Tensor) *use {
	u := a.byUse[k]
	if u == nil {
		u = &use{tensor: t, root: k.root, axes: make([]axis, t.Rank())}
		a.byUse[k] = u
		a.uses = append(a.uses, u)
	}
	return u
}

// node works a node's axis rule into the space.
func (a *Analysis) node(n *onnxio.Node) error {
	rule, err := op.NewAxes(a.Facts, a.Model.Graph, n)
	if err != nil {
		return err
	}
	a.rules[n] = rule
	def := op.Lookup(n, a.Facts.Opset)
	ins := make([][]axis, len(n.Inputs()))
	for i, in := range n.Inputs() {
		if in != "" {
			ins[i] = a.input(n, i, def)
		}
	}
	outs := make([][]axis, len(n.Outputs()))
	for i := range outs {
		outs[i] = make([]axis, len(rule.OutType(i).Shape))
	}
	w := &wiring{Analysis: a, rule: rule, ins: ins, outs: outs}
	w.regroup()
	w.copySame()
	w.fill()
	w.link()
	w.pin()
	for i, o := range n.Outputs() {
		if o != "" {
			a.values[o] = outs[i]
		}
	}
	return nil
}

// input is the axes of a node's input. A matrix or kernel read by several
// nodes keeps one set of indices, as shared weights should; vectors, which
// exporters merge merely because they hold equal numbers, are taken apart.
func (a *Analysis) input(n *onnxio.Node, i int, def *op.Def) []axis {
	name := n.Input(i)
	t, root := a.Model.Graph.Constant(name)
	if t == nil || n.Op() == "Identity" || n.Op() == "Constant" {
		if t != nil {
			return a.shadow(name)
		}
		if _, ok := a.values[name]; !ok {
			a.values[name] = a.newAxes(a.Facts.Types[name].Shape)
		}
		return a.values[name]
	}
	k := useKey{root: root}
	if t.Rank() < 2 {
		k.node, k.slot = n, i
	}
	u := a.use(k, t)
	u.reads = append(u.reads, onnxio.Use{Node: n, Index: i})
	if def != nil {
		for _, s := range def.State {
			u.state = u.state || s == i
		}
		u.scale = u.scale || (n.Op() == "BatchNormalization" && i == 1)
	}
	return u.axes
}

// shadow is the axes of a constant on its way through an Identity, which
// choose nothing: the nodes behind read the constant itself.
func (a *Analysis) shadow(name string) []axis {
	if _, ok := a.values[name]; !ok {
		a.values[name] = a.newAxes(a.Facts.Types[name].Shape)
	}
	return a.values[name]
}
