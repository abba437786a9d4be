package onnxio

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"google.golang.org/protobuf/proto"

	"github.com/prunefuse/prunefuse/onnxio/onnxpb"
)

// Patch is a set of edits to one graph, gathered in order and applied
// together. Apply either leaves the graph valid with every edit in it, or
// returns an error and leaves it as it was.
//
// A graph is valid when every value has one producer, every value read is
// produced before, fed or constant, and every output exists.
type Patch struct {
	g     *Graph
	steps []func(*draft) error
	fresh map[string]bool
	n     int
}

// NodeSpec describes a node to add.
type NodeSpec struct {
	Op, Domain, Name string
	Inputs, Outputs  []string
	Attrs            []Attr
}

// Edit starts a patch of the graph.
func (g *Graph) Edit() *Patch { return &Patch{g: g, fresh: map[string]bool{}} }

// Fresh is a value name that neither the graph nor the patch uses yet,
// made from prefix.
func (p *Patch) Fresh(prefix string) string {
	name := prefix
	for p.fresh[name] || p.g.uses(name) {
		p.n++
		name = prefix + "_" + strconv.Itoa(p.n)
	}
	p.fresh[name] = true
	return name
}

func (g *Graph) uses(name string) bool {
	_, read := g.consumers[name]
	_, typed := g.types[name]
	return read || typed || g.producer[name] != nil || g.inits[name] != nil ||
		slices.ContainsFunc(g.inputs, func(v *onnxpb.ValueInfoProto) bool { return v.GetName() == name })
}

// draft is the copy of a graph that a patch works on. Nodes are shared with
// the original until one is changed.
type draft struct {
	Graph
	replaced map[*Node]*Node // by the node as it was when the patch began
	gone     map[*Node]bool
}

func (p *Patch) step(f func(*draft) error) { p.steps = append(p.steps, f) }

// Add appends a node. Where it lands among the others follows from what it
// reads; a node without a name is named after its first output.
func (p *Patch) Add(s NodeSpec) {
	n := &onnxpb.NodeProto{Input: slices.Clone(s.Inputs), Output: slices.Clone(s.Outputs), OpType: &s.Op}
	name := s.Name
	if name == "" && len(s.Outputs) > 0 {
		name = s.Outputs[0]
	}
	n.Name = &name
	if s.Domain != "" {
		n.Domain = &s.Domain
	}
	for _, a := range s.Attrs {
		n.Attribute = append(n.Attribute, a.pb)
	}
	for _, o := range s.Outputs {
		p.fresh[o] = true
	}
	p.step(func(d *draft) error {
		d.nodes = append(d.nodes, &Node{n})
		return nil
	})
}

// Remove takes a node out.
func (p *Patch) Remove(n *Node) {
	p.step(func(d *draft) error {
		if d.gone[n] {
			return fmt.Errorf("remove %v: already removed", n)
		}
		d.gone[n] = true
		return nil
	})
}

func (p *Patch) change(n *Node, f func(*onnxpb.NodeProto)) {
	p.step(func(d *draft) error {
		m := d.replaced[n]
		if m == nil {
			m = &Node{shallowNode(n.pb)}
			d.replaced[n] = m
		}
		f(m.pb)
		return nil
	})
}

// SetInput makes input i of the node read another value; the list grows
// with left-out inputs where it is too short.
func (p *Patch) SetInput(n *Node, i int, name string) {
	p.change(n, func(pb *onnxpb.NodeProto) {
		for len(pb.Input) <= i {
			pb.Input = append(pb.Input, "")
		}
		pb.Input[i] = name
	})
}

// SetOutputs renames the values the node makes.
func (p *Patch) SetOutputs(n *Node, names ...string) {
	p.change(n, func(pb *onnxpb.NodeProto) { pb.Output = slices.Clone(names) })
}

// SetAttr adds an attribute or puts it in the place of the one of its name.
func (p *Patch) SetAttr(n *Node, a Attr) {
	p.change(n, func(pb *onnxpb.NodeProto) {
		i := slices.IndexFunc(pb.Attribute, func(b *onnxpb.AttributeProto) bool { return b.GetName() == a.Name() })
		if i < 0 {
			pb.Attribute = append(pb.Attribute, a.pb)
			return
		}
		pb.Attribute[i] = a.pb
	})
}

// DropAttr removes an attribute where it is present.
func (p *Patch) DropAttr(n *Node, name string) {
	p.change(n, func(pb *onnxpb.NodeProto) {
		pb.Attribute = slices.DeleteFunc(pb.Attribute, func(b *onnxpb.AttributeProto) bool { return b.GetName() == name })
	})
}

// Redirect makes every node that reads from read to instead. Graph outputs
// keep their names; subgraphs that read from are an error.
func (p *Patch) Redirect(from, to string) {
	for _, u := range p.g.consumers[from] {
		if u.Index < 0 {
			p.step(func(*draft) error {
				return fmt.Errorf("redirect %q: a subgraph of %v reads it", from, u.Node)
			})
			continue
		}
		p.SetInput(u.Node, u.Index, to)
	}
}

// SetInitializer adds a constant or replaces the one of its name. An entry
// of that name among the graph inputs takes the new type.
func (p *Patch) SetInitializer(t *Tensor) {
	p.fresh[t.Name()] = true
	p.step(func(d *draft) error {
		if d.inits[t.Name()] == nil {
			d.names = append(d.names, t.Name())
		}
		d.inits[t.Name()] = t
		for i, v := range d.inputs {
			if v.GetName() == t.Name() {
				d.inputs[i] = valueInfo(v, t.Type())
			}
		}
		return nil
	})
}

// RemoveInitializer takes a constant out, with its entry among the graph
// inputs.
func (p *Patch) RemoveInitializer(name string) {
	p.step(func(d *draft) error {
		if d.inits[name] == nil {
			return fmt.Errorf("remove initializer %q: there is none", name)
		}
		delete(d.inits, name)
		d.names = slices.DeleteFunc(d.names, func(s string) bool { return s == name })
		d.inputs = slices.DeleteFunc(d.inputs, func(v *onnxpb.ValueInfoProto) bool { return v.GetName() == name })
		return nil
	})
}

// SetInputType adds a graph input or gives the one of that name a new type.
func (p *Patch) SetInputType(name string, t Type) {
	p.fresh[name] = true
	p.step(func(d *draft) error { d.inputs = setType(d.inputs, name, t); return nil })
}

// RemoveInput takes a graph input out.
func (p *Patch) RemoveInput(name string) {
	p.step(func(d *draft) error {
		d.inputs = slices.DeleteFunc(d.inputs, func(v *onnxpb.ValueInfoProto) bool { return v.GetName() == name })
		return nil
	})
}

// SetOutputType adds a graph output or gives the one of that name a new
// type.
func (p *Patch) SetOutputType(name string, t Type) {
	p.step(func(d *draft) error { d.outputs = setType(d.outputs, name, t); return nil })
}

// RemoveOutput takes a value off the graph's outputs; the value itself
// stays.
func (p *Patch) RemoveOutput(name string) {
	p.step(func(d *draft) error {
		d.outputs = slices.DeleteFunc(d.outputs, func(v *onnxpb.ValueInfoProto) bool { return v.GetName() == name })
		return nil
	})
}

// SetTypes replaces the stated types of all inner values. Names that are
// inputs, outputs or initializers are left out.
func (p *Patch) SetTypes(types map[string]Type) {
	p.step(func(d *draft) error {
		d.types = map[string]*onnxpb.ValueInfoProto{}
		d.typeNames = nil
		for _, name := range slices.Sorted(maps.Keys(types)) {
			if d.inits[name] == nil && !d.listed(name) {
				d.types[name] = valueInfo(&onnxpb.ValueInfoProto{Name: &name}, types[name])
				d.typeNames = append(d.typeNames, name)
			}
		}
		return nil
	})
}

func (d *draft) listed(name string) bool {
	is := func(v *onnxpb.ValueInfoProto) bool { return v.GetName() == name }
	return slices.ContainsFunc(d.inputs, is) || slices.ContainsFunc(d.outputs, is)
}

func setType(list []*onnxpb.ValueInfoProto, name string, t Type) []*onnxpb.ValueInfoProto {
	for i, v := range list {
		if v.GetName() == name {
			list[i] = valueInfo(v, t)
			return list
		}
	}
	return append(list, valueInfo(&onnxpb.ValueInfoProto{Name: &name}, t))
}

func valueInfo(v *onnxpb.ValueInfoProto, t Type) *onnxpb.ValueInfoProto {
	c := proto.Clone(v).(*onnxpb.ValueInfoProto)
	c.Type = protoType(t)
	return c
}

// Apply makes the edits. See Patch.
func (p *Patch) Apply() error {
	g := p.g
	d := &draft{
		Graph: Graph{
			pb: g.pb, nodes: slices.Clone(g.nodes), inits: maps.Clone(g.inits), names: slices.Clone(g.names),
			inputs: slices.Clone(g.inputs), outputs: slices.Clone(g.outputs),
			types: maps.Clone(g.types), typeNames: slices.Clone(g.typeNames),
		},
		replaced: map[*Node]*Node{}, gone: map[*Node]bool{},
	}
	known := make(map[*Node]bool, len(g.nodes))
	for _, n := range g.nodes {
		known[n] = true
	}
	for _, s := range p.steps {
		if err := s(d); err != nil {
			return fmt.Errorf("edit graph: %w", err)
		}
	}
	for n := range d.replaced {
		if !known[n] {
			return fmt.Errorf("edit graph: %v is not part of it", n)
		}
	}
	for n := range d.gone {
		if !known[n] {
			return fmt.Errorf("edit graph: %v is not part of it", n)
		}
	}
	kept := d.nodes[:0]
	for _, n := range d.nodes {
		if d.gone[n] {
			continue
		}
		if m := d.replaced[n]; m != nil {
			n = m
		}
		kept = append(kept, n)
	}
	d.nodes = kept
	if err := d.settle(); err != nil {
		return fmt.Errorf("edit graph: %w", err)
	}
	*g = d.Graph
	p.steps = nil
	return nil
}

// settle checks the graph, orders its nodes and builds the index.
func (g *Graph) settle() error {
	made := make(map[string]*Node, len(g.nodes))
	for _, n := range g.nodes {
		for _, o := range n.Outputs() {
			switch {
			case o == "":
			case made[o] != nil:
				return fmt.Errorf("value %q is made by %v and by %v", o, made[o], n)
			case g.inits[o] != nil:
				return fmt.Errorf("value %q is made by %v and is an initializer", o, n)
			default:
				made[o] = n
			}
		}
	}
	for _, v := range g.inputs {
		if n := made[v.GetName()]; n != nil {
			return fmt.Errorf("value %q is made by %v and is a graph input", v.GetName(), n)
		}
	}
	if err := g.order(made); err != nil {
		return err
	}
	g.index()
	for _, v := range g.outputs {
		if name := v.GetName(); made[name] == nil && g.inits[name] == nil && !g.fed(name) {
			return fmt.Errorf("graph output %q is made by no node", name)
		}
	}
	g.typeNames = slices.DeleteFunc(g.typeNames, func(name string) bool {
		if made[name] != nil {
			return false
		}
		delete(g.types, name)
		return true
	})
	return nil
}

func (g *Graph) fed(name string) bool {
	return slices.ContainsFunc(g.inputs, func(v *onnxpb.ValueInfoProto) bool { return v.GetName() == name })
}

// order sorts the nodes topologically, keeping the given order wherever it
// is already one.
func (g *Graph) order(made map[string]*Node) error {
	const visiting, done = 1, 2
	state := make(map[*Node]int, len(g.nodes))
	fed := make(map[string]bool, len(g.inputs))
	for _, v := range g.inputs {
		fed[v.GetName()] = true
	}
	sorted := make([]*Node, 0, len(g.nodes))
	type frame struct {
		n    *Node
		deps []string
	}
	for _, root := range g.nodes {
		if state[root] == done {
			continue
		}
		stack := []frame{{root, reads(root)}}
		state[root] = visiting
		for len(stack) > 0 {
			top := &stack[len(stack)-1]
			if len(top.deps) == 0 {
				state[top.n] = done
				sorted = append(sorted, top.n)
				stack = stack[:len(stack)-1]
				continue
			}
			name := top.deps[0]
			top.deps = top.deps[1:]
			m := made[name]
			switch {
			case name == "" || g.inits[name] != nil || fed[name]:
			case m == nil:
				return fmt.Errorf("%v reads %q, which nothing makes", top.n, name)
			case state[m] == visiting:
				return errors.New("the graph has a cycle through " + m.String())
			case state[m] == 0:
				state[m] = visiting
				stack = append(stack, frame{m, reads(m)})
			}
		}
	}
	g.nodes = sorted
	return nil
}

func reads(n *Node) []string {
	if c := n.captures(); len(c) > 0 {
		return append(slices.Clone(n.Inputs()), c...)
	}
	return n.Inputs()
}

func shallowNode(n *onnxpb.NodeProto) *onnxpb.NodeProto {
	c := &onnxpb.NodeProto{
		Input: slices.Clone(n.Input), Output: slices.Clone(n.Output), Name: n.Name, OpType: n.OpType,
		Attribute: slices.Clone(n.Attribute), DocString: n.DocString, Domain: n.Domain, Overload: n.Overload,
		MetadataProps: n.MetadataProps,
	}
	c.ProtoReflect().SetUnknown(n.ProtoReflect().GetUnknown())
	return c
}
