package onnxio

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/prunefuse/prunefuse/onnxio/onnxpb"
)

// maxInlined bounds the nodes that a model's functions, which may call each
// other, unfold to.
const maxInlined = 1 << 20

// InlineFunctions replaces every call of a function that the model defines
// itself by the function's nodes, in subgraphs too. Functions written in
// another version of an operator set than the model stay calls.
func (m *Model) InlineFunctions() error {
	in := inliner{functions: map[functionKey]*onnxpb.FunctionProto{}, names: map[string]bool{}}
	kept := false
	for _, f := range m.pb.GetFunctions() {
		if m.speaks(f) {
			in.functions[functionKey{domain(f.GetDomain()), f.GetName(), f.GetOverload()}] = f
		} else {
			kept = true
		}
	}
	if len(in.functions) == 0 {
		return nil
	}
	nodes := make([]*onnxpb.NodeProto, len(m.Graph.nodes))
	for i, n := range m.Graph.nodes {
		nodes[i] = n.pb
	}
	in.reserve(m.Graph, nodes)
	nodes, err := in.nodes(nodes)
	if err != nil {
		return err
	}
	g := *m.Graph
	g.nodes = make([]*Node, len(nodes))
	for i, n := range nodes {
		g.nodes[i] = &Node{n}
	}
	if err := g.reindex(); err != nil {
		return &FormatError{err.Error()}
	}
	for _, f := range m.pb.GetFunctions() {
		for _, o := range f.GetOpsetImport() {
			if m.speaks(f) && m.Opset(domain(o.GetDomain())) == 0 {
				m.SetOpset(domain(o.GetDomain()), o.GetVersion())
			}
		}
	}
	*m.Graph = g
	if !kept {
		m.pb.Functions = nil
	}
	return nil
}

// speaks reports whether a function is written in the versions of operator
// sets that the model imports.
func (m *Model) speaks(f *onnxpb.FunctionProto) bool {
	return !slices.ContainsFunc(f.GetOpsetImport(), func(o *onnxpb.OperatorSetIdProto) bool {
		v := m.Opset(domain(o.GetDomain()))
		return v != 0 && v != o.GetVersion()
	})
}

type functionKey struct{ domain, name, overload string }

// inliner unfolds calls of functions.
type inliner struct {
	functions map[functionKey]*onnxpb.FunctionProto
	names     map[string]bool // those taken, anywhere in the model
	calls     []*onnxpb.FunctionProto
	made      int
}

func (in *inliner) reserve(g *Graph, nodes []*onnxpb.NodeProto) {
	take := func(name string) { in.names[name] = true }
	namesIn(nodes, take)
	for _, v := range g.inputs {
		take(v.GetName())
	}
	for _, name := range slices.Concat(g.names, g.typeNames) {
		take(name)
	}
}

func (in *inliner) fresh(name string) string {
	free := name
	for k := 1; in.names[free]; k++ {
		free = name + "_" + strconv.Itoa(k)
	}
	in.names[free] = true
	return free
}

func (in *inliner) nodes(list []*onnxpb.NodeProto) ([]*onnxpb.NodeProto, error) {
	var out []*onnxpb.NodeProto
	for _, n := range list {
		f := in.functions[functionKey{domain(n.GetDomain()), n.GetOpType(), n.GetOverload()}]
		if f == nil {
			n, err := in.inside(n)
			if err != nil {
				return nil, err
			}
			out = append(out, n)
			continue
		}
		if slices.Contains(in.calls, f) {
			return nil, &FormatError{fmt.Sprintf("function %q calls itself", f.GetName())}
		}
		body := in.body(n, f)
		if in.made += len(body); in.made > maxInlined {
			return nil, &FormatError{fmt.Sprintf("its functions unfold to more than %d nodes", maxInlined)}
		}
		in.calls = append(in.calls, f)
		body, err := in.nodes(body)
		if err != nil {
			return nil, err
		}
		in.calls = in.calls[:len(in.calls)-1]
		out = append(out, body...)
	}
	return out, nil
}

// inside unfolds the calls in the subgraphs of a node.
func (in *inliner) inside(n *onnxpb.NodeProto) (*onnxpb.NodeProto, error) {
	var failed error
	c := shallowNode(n)
	for i, a := range c.Attribute {
		c.Attribute[i] = withGraphs(a, func(g *onnxpb.GraphProto) *onnxpb.GraphProto {
			h := shallowGraph(g)
			nodes, err := in.nodes(h.Node)
			if err != nil {
				failed = err
				return g
			}
			h.Node = nodes
			return h
		})
	}
	return c, failed
}

// body returns a function's nodes as one call has them.
func (in *inliner) body(call *onnxpb.NodeProto, f *onnxpb.FunctionProto) []*onnxpb.NodeProto {
	s := splice{names: map[string]string{}, attrs: map[string]*onnxpb.AttributeProto{}, fresh: in.fresh, apart: true}
	for _, a := range slices.Concat(f.GetAttributeProto(), call.GetAttribute()) {
		s.attrs[a.GetName()] = a
	}
	for i, v := range f.GetInput() {
		s.names[v] = at(call.GetInput(), i)
	}
	out := s.outputs(f.GetNode(), f.GetOutput(), call.GetOutput())
	for _, n := range f.GetNode() {
		out = append(out, s.node(n))
	}
	return out
}
