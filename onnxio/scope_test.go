package onnxio

import (
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/prunefuse/prunefuse/onnxio/onnxpb"
)

func TestSubgraphCaptures(t *testing.T) {
	t.Parallel()
	m := parse(t, encode(t, branchProto()))
	g := m.Graph
	choose := node(t, g, "If_y")
	if got := choose.Captures(); !slices.Equal(got, []string{"x", "w", "cond", "h"}) {
		t.Errorf("captures %v", got)
	}
	relu := g.Producer("h")
	for name, want := range map[string][]Use{
		"x": {{relu, 0}, {choose, -1}}, "w": {{choose, -1}}, "h": {{choose, -1}}, "cond": {{choose, 0}, {choose, -1}}, "inner": nil, "t1": nil,
	} {
		if got := g.Consumers(name); !slices.Equal(got, want) {
			t.Errorf("consumers of %q are %v, want %v", name, got, want)
		}
	}
	for what, tc := range map[string]struct {
		edit func(p *Patch)
		want string
	}{
		"remove a captured constant": {func(p *Patch) { p.RemoveInitializer("w") }, `node "If_y" (If) reads "w", which nothing makes`},
		"remove what branches read":  {func(p *Patch) { p.Remove(relu) }, `node "If_y" (If) reads "h", which nothing makes`},
		"redirect a captured value":  {func(p *Patch) { p.Redirect("x", "w") }, `redirect "x": a subgraph of node "If_y" (If) reads it`},
		"a cycle through a branch":   {func(p *Patch) { p.SetInput(relu, 0, "y") }, "the graph has a cycle through"},
	} {
		before := state(t, m)
		p := g.Edit()
		tc.edit(p)
		if err := p.Apply(); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %s", what, err, tc.want)
		}
		if state(t, m) != before {
			t.Errorf("%s: the graph changed", what)
		}
	}
	// A later node whose name a branch reads moves in front.
	p := g.Edit()
	p.Remove(relu)
	p.Add(NodeSpec{Op: "Abs", Name: "abs", Inputs: []string{"x"}, Outputs: []string{"h"}})
	apply(t, p)
	valid(t, g)
	if got := order(g); got != "abs If_y" {
		t.Errorf("order %s", got)
	}
	p = g.Edit()
	p.Remove(choose)
	p.Redirect("x", "w") // its only capturing reader goes
	p.RemoveOutput("y")
	apply(t, p)
	valid(t, g)
}

func TestScopes(t *testing.T) {
	t.Parallel()
	n := func(out string, in ...string) *onnxpb.NodeProto {
		return &onnxpb.NodeProto{Input: in, Output: []string{out}}
	}
	vi := func(name string) *onnxpb.ValueInfoProto { return &onnxpb.ValueInfoProto{Name: &name} }
	body := &onnxpb.GraphProto{
		Input:       []*onnxpb.ValueInfoProto{vi("i")},
		Initializer: []*onnxpb.TensorProto{{Name: proto.String("k")}},
		Node:        []*onnxpb.NodeProto{n("a", "i", "k", "", "early"), n("early", "a"), n("b", "early", "early")},
		Output:      []*onnxpb.ValueInfoProto{vi("b"), vi("straight")},
	}
	sibling := &onnxpb.GraphProto{Node: []*onnxpb.NodeProto{n("c", "a")}}
	loop := &Node{&onnxpb.NodeProto{Attribute: []*onnxpb.AttributeProto{{G: body, Graphs: []*onnxpb.GraphProto{sibling}}}}}
	// "early" is read before the body defines it; "a" ends with its graph.
	if got, want := loop.Captures(), []string{"early", "straight", "a"}; !slices.Equal(got, want) {
		t.Errorf("captures %v, want %v", got, want)
	}
	if got := (&Node{n("a", "b")}).Captures(); got != nil {
		t.Errorf("a plain node captures %v", got)
	}
}
