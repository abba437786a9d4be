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

// Fresh returns a value name that neither the graph nor the patch uses yet,
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

// claim keeps Fresh from giving out names that the patch's own edits define.
func (p *Patch) claim(names []string) {
	for _, name := range names {
		p.fresh[name] = true
	}
}

func (g *Graph) uses(name string) bool {
	_, read := g.consumers[name]
	_, typed := g.types[name]
	return name == "" || read || typed || g.inner[name] || g.producer[name] != nil || g.inits[name] != nil ||
		slices.ContainsFunc(g.inputs, func(v *onnxpb.ValueInfoProto) bool { return v.GetName() == name })
}

// draft is the copy of a graph that a patch works on. Nodes are shared with
// the original until one is changed.
type draft struct {
	Graph
	known    map[*Node]bool  // the nodes as they were when the patch began
	replaced map[*Node]*Node // by the known node
	gone     map[*Node]bool
}

// change returns the message of a known node to be changed in place.
func (d *draft) change(n *Node) (*onnxpb.NodeProto, error) {
	if !d.known[n] {
		return nil, fmt.Errorf("%v is not part of the graph", n)
	}
	m := d.replaced[n]
	if m == nil {
		m = &Node{shallowNode(n.pb)}
		d.replaced[n] = m
	}
	return m.pb, nil
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
	var bad error
	for _, a := range s.Attrs {
		n.Attribute = append(n.Attribute, a.pb)
		if a.err != nil {
			bad = a.err
		}
	}
	p.claim(s.Outputs)
	p.step(func(d *draft) error {
		if bad != nil {
			return fmt.Errorf("add %v: %w", &Node{n}, bad)
		}
		d.nodes = append(d.nodes, &Node{n})
		return nil
	})
}

// Remove takes a node out.
func (p *Patch) Remove(n *Node) {
	p.step(func(d *draft) error {
		switch {
		case !d.known[n]:
			return fmt.Errorf("remove %v: it is not part of the graph", n)
		case d.gone[n]:
			return fmt.Errorf("remove %v: already removed", n)
		}
		d.gone[n] = true
		return nil
	})
}

func (p *Patch) change(n *Node, f func(*onnxpb.NodeProto)) {
	p.step(func(d *draft) error {
		pb, err := d.change(n)
		if err == nil {
			f(pb)
		}
		return err
	})
}

// maxInputs bounds how far SetInput lets an input list grow; the longest
// lists met are those of Concat, a few hundred.
const maxInputs = 1 << 16

// SetInput makes input i of the node read another value; the list grows
// with left-out inputs where it is too short.
func (p *Patch) SetInput(n *Node, i int, name string) {
	p.step(func(d *draft) error {
		pb, err := d.change(n)
		switch {
		case err != nil:
			return err
		case i < 0 || i >= max(maxInputs, len(pb.Input)):
			return fmt.Errorf("set input %d of %v: there is no such input", i, n)
		}
		for len(pb.Input) <= i {
			pb.Input = append(pb.Input, "")
		}
		pb.Input[i] = name
		return nil
	})
}

// SetOutputs renames the values the node makes.
func (p *Patch) SetOutputs(n *Node, names ...string) {
	names = slices.Clone(names)
	p.claim(names)
	p.change(n, func(pb *onnxpb.NodeProto) { pb.Output = slices.Clone(names) })
}

// SetAttr adds an attribute or puts it in the place of the one of its name.
func (p *Patch) SetAttr(n *Node, a Attr) {
	p.step(func(d *draft) error {
		if a.err != nil {
			return fmt.Errorf("set attribute %q of %v: %w", a.Name(), n, a.err)
		}
		pb, err := d.change(n)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(pb.Attribute, func(b *onnxpb.AttributeProto) bool { return b.GetName() == a.Name() })
		if i < 0 {
			pb.Attribute = append(pb.Attribute, a.pb)
			return nil
		}
		pb.Attribute[i] = a.pb
		return nil
	})
}

// DropAttr removes an attribute where it is present.
func (p *Patch) DropAttr(n *Node, name string) {
	p.change(n, func(pb *onnxpb.NodeProto) {
		pb.Attribute = slices.DeleteFunc(pb.Attribute, func(b *onnxpb.AttributeProto) bool { return b.GetName() == name })
	})
}

// Redirect makes every node that reads from read to instead. Nodes that the
// patch adds, or has pointed elsewhere already, keep what they read, so that a
// node reading from can be put in between. Graph outputs keep their names;
// subgraphs that read from are an error.
func (p *Patch) Redirect(from, to string) {
	p.step(func(d *draft) error {
		for _, u := range p.g.consumers[from] {
			if d.gone[u.Node] {
				continue
			}
			if u.Index < 0 {
				return fmt.Errorf("redirect %q: a subgraph of %v reads it", from, u.Node)
			}
			pb, err := d.change(u.Node)
			if err != nil {
				return err
			}
			if at(pb.Input, u.Index) == from {
				pb.Input[u.Index] = to
			}
		}
		return nil
	})
}

// SetInitializer adds a constant or replaces the one of its name, of which doc
// string and metadata stay. An entry of that name among the graph inputs takes
// the new type.
func (p *Patch) SetInitializer(t *Tensor) {
	p.fresh[t.Name()] = true
	p.step(func(d *draft) error {
		if t.Name() == "" {
			return errors.New("set initializer: the tensor has no name")
		}
		old := d.inits[t.Name()]
		if old == nil {
			d.names = append(d.names, t.Name())
		} else if old.pb.DocString != nil || len(old.pb.MetadataProps) > 0 {
			t = t.Renamed(t.Name()).noted(old)
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
	types = maps.Clone(types)
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
		known: make(map[*Node]bool, len(g.nodes)), replaced: map[*Node]*Node{}, gone: map[*Node]bool{},
	}
	for _, n := range g.nodes {
		d.known[n] = true
	}
	for _, s := range p.steps {
		if err := s(d); err != nil {
			return fmt.Errorf("edit graph: %w", err)
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
	if err := d.reindex(); err != nil {
		return fmt.Errorf("edit graph: %w", err)
	}
	d.dropStaleTypes()
	*g = d.Graph
	p.steps = nil
	return nil
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
