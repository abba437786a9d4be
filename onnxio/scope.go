package onnxio

import "github.com/prunefuse/prunefuse/onnxio/onnxpb"

// scope walks the subgraphs of a node and tells the names they define for
// themselves from those they capture from the graph around the node. The
// zero scope is ready for use.
type scope struct {
	visible  map[string]int // how many of the graphs being walked define the name; 0 once left
	seen     map[string]bool
	captured []string // in order of first use
}

// Captures returns the names that subgraphs of the node read from the graph
// around it, in order of first use.
func (n *Node) Captures() []string {
	var s scope
	s.node(n.pb)
	return s.captured
}

func (s *scope) node(n *onnxpb.NodeProto) {
	for _, a := range n.GetAttribute() {
		if a.GetG() != nil {
			s.graph(a.GetG())
		}
		for _, g := range a.GetGraphs() {
			s.graph(g)
		}
	}
}

func (s *scope) graph(g *onnxpb.GraphProto) {
	if s.visible == nil {
		s.visible, s.seen = map[string]int{}, map[string]bool{"": true}
	}
	var defined []string
	define := func(name string) {
		s.visible[name]++
		defined = append(defined, name)
	}
	for _, v := range g.GetInput() {
		define(v.GetName())
	}
	for _, t := range g.GetInitializer() {
		define(t.GetName())
	}
	for _, n := range g.GetNode() {
		for _, in := range n.GetInput() {
			s.read(in)
		}
		s.node(n)
		for _, o := range n.GetOutput() {
			define(o)
		}
	}
	for _, v := range g.GetOutput() {
		s.read(v.GetName())
	}
	for _, name := range defined {
		s.visible[name]--
	}
}

func (s *scope) read(name string) {
	if s.visible[name] == 0 && !s.seen[name] {
		s.seen[name] = true
		s.captured = append(s.captured, name)
	}
}
