package onnxio

import (
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"

	"github.com/prunefuse/prunefuse/onnxio/onnxpb"
)

// Subgraph returns the graph in an attribute, such as a branch of If, and the
// names that it reads from the graph around it. Those are the last of its
// inputs, without a type. It is nil where there is no such attribute.
func (n *Node) Subgraph(name string) (g *Graph, captured []string, err error) {
	pb := n.attr(name).GetG()
	if pb == nil {
		return nil, nil, nil
	}
	var s scope
	s.graph(pb)
	c := shallowGraph(pb)
	for _, v := range s.captured {
		c.Input = append(c.Input, &onnxpb.ValueInfoProto{Name: proto.String(v)})
	}
	if g, err = newGraph(c, ""); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", name, err)
	}
	return g, s.captured, nil
}

// Subgraph returns a graph as an attribute, of a model whose tensors lie inside
// its file.
func Subgraph(name string, m *Model) Attr {
	a := attr(name, onnxpb.AttributeProto_GRAPH)
	b, err := m.Marshal()
	pb := &onnxpb.ModelProto{}
	if err == nil {
		err = proto.Unmarshal(b, pb)
	}
	a.G = pb.GetGraph()
	return Attr{pb: a, err: err}
}

// Inline puts the nodes of a subgraph in the place of the node that has it.
// The subgraph must have no inputs, as the branches of If.
func (p *Patch) Inline(n *Node, name string) error {
	body := n.attr(name).GetG()
	if len(body.GetOutput()) < len(n.Outputs()) || len(body.GetInput()) > 0 || len(body.GetSparseInitializer()) > 0 {
		return fmt.Errorf("%v: %s is no graph without inputs and with %d outputs", n, name, len(n.Outputs()))
	}
	s := splice{names: map[string]string{}, fresh: p.Fresh}
	p.Remove(n)
	for _, t := range body.GetInitializer() {
		s.names[t.GetName()] = p.Fresh(t.GetName())
		p.SetInitializer((&Tensor{pb: t}).Renamed(s.names[t.GetName()]))
	}
	var inner []string
	for _, v := range body.GetOutput() {
		inner = append(inner, v.GetName())
	}
	copies := s.outputs(body.GetNode(), inner, n.Outputs())
	for _, m := range body.GetNode() {
		copies = append(copies, s.node(m))
	}
	p.step(func(d *draft) error {
		for _, c := range copies {
			d.nodes = append(d.nodes, &Node{c})
		}
		return nil
	})
	return nil
}

// namesIn lists every value name in the nodes and the graphs inside them.
func namesIn(nodes []*onnxpb.NodeProto, add func(string)) {
	for _, n := range nodes {
		for _, v := range slices.Concat(n.GetInput(), n.GetOutput()) {
			add(v)
		}
		for _, a := range n.GetAttribute() {
			withGraphs(a, func(g *onnxpb.GraphProto) *onnxpb.GraphProto {
				for _, v := range slices.Concat(g.GetInput(), g.GetOutput(), g.GetValueInfo()) {
					add(v.GetName())
				}
				for _, t := range g.GetInitializer() {
					add(t.GetName())
				}
				namesIn(g.GetNode(), add)
				return g
			})
		}
	}
}
