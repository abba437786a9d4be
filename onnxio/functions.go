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
// another version of an operator set than the model stay calls, unless same
// says of every operator in them that it means the same in both.
func (m *Model) InlineFunctions(same func(domain, op string, versions [2]int64) bool) error {
	in := inliner{functions: map[functionKey]*onnxpb.FunctionProto{}, names: map[string]bool{}}
	kept := false
	for _, f := range m.pb.GetFunctions() {
		if m.speaks(f, same) {
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
			if m.speaks(f, same) && m.Opset(domain(o.GetDomain())) == 0 {
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

// speaks reports whether the nodes of a function mean the same in the versions
// of operator sets that the model imports.
func (m *Model) speaks(f *onnxpb.FunctionProto, same func(domain, op string, versions [2]int64) bool) bool {
	return !slices.ContainsFunc(f.GetOpsetImport(), func(o *onnxpb.OperatorSetIdProto) bool {
		d := domain(o.GetDomain())
		v := m.Opset(d)
		return v != 0 && v != o.GetVersion() && !all(f.GetNode(), func(n *onnxpb.NodeProto) bool {
			return domain(n.GetDomain()) != d || same(d, n.GetOpType(), [2]int64{v, o.GetVersion()})
		})
	})
}

// all reports whether f holds for the nodes and for those of the graphs in them.
func all(nodes []*onnxpb.NodeProto, f func(*onnxpb.NodeProto) bool) bool {
	holds := true
	for _, n := range nodes {
		holds = holds && f(n)
		for _, a := range n.GetAttribute() {
			withGraphs(a, func(g *onnxpb.GraphProto) *onnxpb.GraphProto {
				holds = holds && all(g.GetNode(), f)
				return g
			})
		}
	}
	return holds
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
