package onnxio

import (
	"maps"
	"slices"

	"google.golang.org/protobuf/proto"

	"github.com/prunefuse/prunefuse/onnxio/onnxpb"
)

// splice copies the nodes of a body, which is a subgraph or a function, into
// the graph around it.
type splice struct {
	names map[string]string                 // what values of the body are called outside
	attrs map[string]*onnxpb.AttributeProto // what references to a function's attributes stand for
	fresh func(string) string
	// apart says that graphs inside the body may use names that are taken
	// outside, as those of a function may: what they define is named anew there.
	apart bool
}

// outputs gives the values that leave a body the names of what the node
// around it makes. A value that no node of the body makes, or that leaves
// twice, is passed on by an Identity; those nodes are returned.
func (s *splice) outputs(body []*onnxpb.NodeProto, inner, outer []string) []*onnxpb.NodeProto {
	made := map[string]bool{}
	for _, n := range body {
		for _, o := range n.GetOutput() {
			made[o] = true
		}
	}
	var passed [][2]string
	for i, name := range inner {
		switch o := at(outer, i); {
		case o == "":
		case made[name] && s.names[name] == "":
			s.names[name] = o
		default:
			passed = append(passed, [2]string{name, o})
		}
	}
	for _, n := range body {
		for _, o := range n.GetOutput() {
			if o != "" && s.names[o] == "" {
				s.names[o] = s.fresh(o)
			}
		}
	}
	var copies []*onnxpb.NodeProto
	for _, p := range passed {
		copies = append(copies, &onnxpb.NodeProto{
			OpType: proto.String("Identity"), Input: []string{s.name(p[0])}, Output: []string{p[1]},
		})
	}
	return copies
}

// name is what a value is called outside: as before where it comes from
// there.
func (s *splice) name(v string) string {
	if o, ok := s.names[v]; ok {
		return o
	}
	return v
}

// node returns a copy of a node of the body, without its name, which no other
// may have.
func (s *splice) node(n *onnxpb.NodeProto) *onnxpb.NodeProto {
	c := shallowNode(n)
	c.Name = nil
	for i, v := range c.Input {
		c.Input[i] = s.name(v)
	}
	for i, v := range c.Output {
		c.Output[i] = s.name(v)
	}
	c.Attribute = c.Attribute[:0]
	for _, a := range n.GetAttribute() {
		if ref := a.GetRefAttrName(); ref != "" {
			if s.attrs[ref] == nil {
				continue // the call leaves it out, and there is no default
			}
			b := shallowAttr(s.attrs[ref])
			b.Name = a.Name
			a = b
		}
		c.Attribute = append(c.Attribute, withGraphs(a, s.graph))
	}
	return c
}

// graph returns a copy of a graph inside the body. Names that it defines for
// itself stay, but where they are taken outside a function.
func (s *splice) graph(g *onnxpb.GraphProto) *onnxpb.GraphProto {
	inside := splice{names: maps.Clone(s.names), attrs: s.attrs, fresh: s.fresh, apart: s.apart}
	defined(g, func(name string) {
		delete(inside.names, name)
		if s.apart && name != "" {
			inside.names[name] = s.fresh(name)
		}
	})
	c := shallowGraph(g)
	for i, n := range c.Node {
		c.Node[i] = inside.node(n)
	}
	c.Input, c.Output, c.ValueInfo = inside.infos(c.Input), inside.infos(c.Output), inside.infos(slices.Clone(c.ValueInfo))
	c.Initializer, c.SparseInitializer = slices.Clone(c.Initializer), slices.Clone(c.SparseInitializer)
	for i, t := range c.Initializer {
		c.Initializer[i] = inside.tensor(t)
	}
	for i, t := range c.SparseInitializer {
		c.SparseInitializer[i] = &onnxpb.SparseTensorProto{Values: inside.tensor(t.Values), Indices: t.Indices, Dims: t.Dims}
	}
	return c
}

// defined calls f with every name that a graph itself gives to a value.
func defined(g *onnxpb.GraphProto, f func(string)) {
	for _, v := range g.GetInput() {
		f(v.GetName())
	}
	for _, t := range g.GetInitializer() {
		f(t.GetName())
	}
	for _, t := range g.GetSparseInitializer() {
		f(t.GetValues().GetName())
	}
	for _, n := range g.GetNode() {
		for _, o := range n.GetOutput() {
			f(o)
		}
	}
}

// infos renames the values of a list, in place.
func (s *splice) infos(list []*onnxpb.ValueInfoProto) []*onnxpb.ValueInfoProto {
	for i, v := range list {
		if name := s.name(v.GetName()); name != v.GetName() {
			list[i] = &onnxpb.ValueInfoProto{Name: &name, Type: v.Type, DocString: v.DocString, MetadataProps: v.MetadataProps}
		}
	}
	return list
}

func (s *splice) tensor(t *onnxpb.TensorProto) *onnxpb.TensorProto {
	name := s.name(t.GetName())
	if t == nil || name == t.GetName() {
		return t
	}
	c := shallowTensor(t)
	c.Name = &name
	return c
}

// withGraphs returns the attribute with f of every graph in it; itself where it
// holds none.
func withGraphs(a *onnxpb.AttributeProto, f func(*onnxpb.GraphProto) *onnxpb.GraphProto) *onnxpb.AttributeProto {
	if a.GetG() == nil && len(a.GetGraphs()) == 0 {
		return a
	}
	c := shallowAttr(a)
	if c.G != nil {
		c.G = f(c.G)
	}
	for i, g := range c.Graphs {
		c.Graphs[i] = f(g)
	}
	return c
}

func shallowAttr(a *onnxpb.AttributeProto) *onnxpb.AttributeProto {
	c := &onnxpb.AttributeProto{
		Name: a.Name, RefAttrName: a.RefAttrName, DocString: a.DocString, Type: a.Type, F: a.F, I: a.I, S: a.S, T: a.T, G: a.G,
		SparseTensor: a.SparseTensor, Tp: a.Tp, Floats: a.Floats, Ints: a.Ints, Strings: a.Strings, Tensors: a.Tensors,
		Graphs: slices.Clone(a.Graphs), SparseTensors: a.SparseTensors, TypeProtos: a.TypeProtos,
	}
	c.ProtoReflect().SetUnknown(a.ProtoReflect().GetUnknown())
	return c
}

func shallowGraph(g *onnxpb.GraphProto) *onnxpb.GraphProto {
	c := &onnxpb.GraphProto{
		Node: slices.Clone(g.Node), Name: g.Name, Initializer: g.Initializer, SparseInitializer: g.SparseInitializer, DocString: g.DocString,
		Input: slices.Clone(g.Input), Output: slices.Clone(g.Output), ValueInfo: g.ValueInfo,
		QuantizationAnnotation: g.QuantizationAnnotation, MetadataProps: g.MetadataProps,
	}
	c.ProtoReflect().SetUnknown(g.ProtoReflect().GetUnknown())
	return c
}
