package pruning

import (
	"fmt"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
	"github.com/prunefuse/prunefuse/onnxio/rewrite"
)

// Analysis is what can be pruned of a model: the groups of indices that go
// together, and for every axis that cannot be pruned the reason.
type Analysis struct {
	// Source is the model as it was given, Model the same with all that does
	// not depend on its inputs' values folded and shuffles written as lists.
	Source *onnxio.Model
	Model  *onnxio.Model
	Facts  *op.Facts
	Groups []*Group // prunable, in the order of their first weight
	Pinned []Pinned

	space  *space
	values map[string][]axis // of activations
	uses   []*use            // of constants, in node order
	byUse  map[useKey]*use
	byRead map[onnxio.Use]*use
	rules  map[*onnxio.Node]*op.Axes
	made   map[elem][]elem // classes that follow from others
	group  []place         // by class root
}

// place is a class's position in its group; the group is nil where the class
// is in none.
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
	scale  bool // the scale of a BatchNormalization
	places bool // positions along another axis
	made   bool // by a node that takes its shape: nothing is stored
}

type useKey struct {
	root string
	node *onnxio.Node // nil where all readers share the indices
	slot int
}

// Options say what may be pruned. The zero value spares nothing.
type Options struct {
	// Ignore lists nodes whose outputs keep all their indices: by name, or
	// by first output where a node has no name.
	Ignore []string
	// Parts says what is removed of an axis made of blocks, such as attention
	// heads.
	Parts Parts
	// FreeEnds lets the axes of graph inputs and outputs be pruned, for tests
	// of single operators.
	FreeEnds bool
}

// Analyze finds the groups of a model. It fails where the model's shapes
// contradict its operators; an operator the table does not have is no
// failure, but pins what it touches.
func Analyze(source *onnxio.Model, o Options) (*Analysis, error) {
	m, err := op.Fold(source)
	if err == nil {
		m, err = rewrite.ListShuffles(m)
	}
	if err != nil {
		return nil, fmt.Errorf("analyze: %w", err)
	}
	facts, err := op.InferGraph(m, op.InferOptions{})
	if err != nil {
		return nil, fmt.Errorf("analyze: %w", err)
	}
	a := &Analysis{
		Source: source, Model: m, Facts: facts, space: &space{parts: o.Parts}, values: map[string][]axis{}, byUse: map[useKey]*use{},
		byRead: map[onnxio.Use]*use{}, rules: map[*onnxio.Node]*op.Axes{},
	}
	for _, v := range m.Graph.Inputs() {
		a.values[v.Name] = a.newAxes(v.Type.Shape)
		if !o.FreeEnds {
			for k, x := range a.values[v.Name] {
				a.space.keep(x, "graph input %q, axis %d", v.Name, k)
			}
		}
	}
	for _, n := range m.Graph.Nodes() {
		if err := a.node(n); err != nil {
			return nil, fmt.Errorf("analyze: %w", err)
		}
	}
	if err := a.ignore(o.Ignore); err != nil {
		return nil, fmt.Errorf("analyze: %w", err)
	}
	a.pinCaptured()
	a.pinMeasured()
	if !o.FreeEnds {
		for _, v := range m.Graph.Outputs() {
			a.pinValue(v.Name, "graph output %q", v.Name)
		}
	}
	a.made = a.space.settle()
	a.form()
	if err := a.noteInside(m.Graph.Nodes()); err != nil {
		return nil, fmt.Errorf("analyze: %w", err)
	}
	return a, nil
}

// noteInside lists the weights inside subgraphs, which are not followed.
func (a *Analysis) noteInside(nodes []*onnxio.Node) error {
	for _, n := range nodes {
		for _, attr := range n.Attrs() {
			g, _, err := n.Subgraph(attr.Name())
			if err != nil {
				return fmt.Errorf("%v: %w", n, err)
			}
			if g == nil {
				continue
			}
			for _, t := range g.Initializers() {
				for k, extent := range t.Dims() {
					if extent > 1 && t.Elem().Float() {
						a.Pinned = append(a.Pinned, Pinned{t.Name(), k, int(extent), fmt.Sprintf("%v: a weight of its %s is not followed", n, attr.Name())})
					}
				}
			}
			if err := a.noteInside(g.Nodes()); err != nil {
				return err
			}
		}
	}
	return nil
}

// ignore pins the outputs of the named nodes.
func (a *Analysis) ignore(names []string) error {
	for _, name := range names {
		found := false
		for _, n := range a.Model.Graph.Nodes() {
			if n.Name() != name && (n.Name() != "" || n.Output(0) != name) {
				continue
			}
			found = true
			for _, out := range n.Outputs() {
				a.pinValue(out, "node %q is to be left alone", name)
			}
		}
		if !found {
			return fmt.Errorf("the model has no node %q to leave alone", name)
		}
	}
	return nil
}

// pinCaptured pins what subgraphs read from outside, as their insides are not
// followed.
func (a *Analysis) pinCaptured() {
	g := a.Model.Graph
	pin := func(name string) {
		for _, u := range g.Consumers(name) {
			if u.Index < 0 {
				a.pinValue(name, "a subgraph of %v reads it", u.Node)
			}
		}
	}
	for _, v := range g.Inputs() {
		pin(v.Name)
	}
	for _, t := range g.Initializers() {
		pin(t.Name())
	}
	for _, n := range g.Nodes() {
		for _, o := range n.Outputs() {
			pin(o)
		}
	}
}

// pinValue pins every axis of a value, and of the constant behind it.
func (a *Analysis) pinValue(name, format string, args ...any) {
	_, root := a.Model.Graph.Constant(name)
	for _, u := range a.uses {
		if root != "" && u.root == root {
			for k, x := range u.axes {
				a.space.keep(x, format+", axis %d", append(args, k)...)
			}
		}
	}
	for k, x := range a.values[name] {
		a.space.keep(x, format+", axis %d", append(args, k)...)
	}
}

func (a *Analysis) newAxes(s onnxio.Shape) []axis {
	out := make([]axis, len(s))
	for i, d := range s {
		out[i] = a.space.axisOf(d)
	}
	return out
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
	ins := make([][]axis, len(n.Inputs()))
	for i, in := range n.Inputs() {
		if in != "" {
			ins[i] = a.input(n, i)
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
	if err := a.filled(n, outs); err != nil {
		return err
	}
	for _, p := range rule.Positions {
		if u := a.byRead[onnxio.Use{Node: n, Index: p.Input}]; u != nil {
			u.places = true
		}
	}
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
func (a *Analysis) input(n *onnxio.Node, i int) []axis {
	name := n.Input(i)
	t, root := a.Model.Graph.Constant(name)
	if t == nil || n.Op() == "Identity" {
		// The axes of a constant on its way through an Identity choose
		// nothing: the nodes behind read the constant itself.
		if _, ok := a.values[name]; !ok {
			a.values[name] = a.newAxes(a.Facts.Types[name].Shape)
		}
		return a.values[name]
	}
	k := useKey{root: root}
	if t.IsVector() || !t.Elem().Float() {
		k.node, k.slot = n, i
	}
	u := a.use(k, t)
	read := onnxio.Use{Node: n, Index: i}
	u.reads = append(u.reads, read)
	a.byRead[read] = u
	u.scale = u.scale || (n.Op() == "BatchNormalization" && i == 1)
	return u.axes
}

// filled takes a ConstantOfShape of known extents for a weight: such files
// carry a network's shape without its numbers.
func (a *Analysis) filled(n *onnxio.Node, outs [][]axis) error {
	name := n.Output(0)
	dims, ok := a.Facts.Types[name].Shape.Ints()
	if n.Op() != "ConstantOfShape" || n.Domain() != "" || !ok || !a.Facts.Types[name].Elem.Float() {
		return nil
	}
	value := n.Tensor("value")
	if value == nil {
		value = onnxio.Scalar[float32]("", 0)
	}
	t, err := onnxio.Filled(name, dims, value)
	if err != nil {
		return fmt.Errorf("%v: %w", n, err)
	}
	u := a.use(useKey{root: name}, t)
	u.axes, u.made = outs[0], true
	for _, r := range a.Model.Graph.Consumers(name) {
		if r.Index >= 0 {
			u.reads = append(u.reads, r)
			a.byRead[r] = u
		}
	}
	return nil
}

// axisOf is the axis that a ref of the node's rule stands for.
func (a *Analysis) axisOf(n *onnxio.Node, r op.Ref) axis {
	if r.Output {
		return a.values[n.Output(r.Slot)][r.Axis]
	}
	if u := a.byRead[onnxio.Use{Node: n, Index: r.Slot}]; u != nil {
		return u.axes[r.Axis]
	}
	return a.values[n.Input(r.Slot)][r.Axis]
}
