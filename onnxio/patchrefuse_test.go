package onnxio

import (
	"math"
	"slices"
	"strings"
	"testing"
)

// TestPatchRefuses gives each kind of error and checks that the graph, the
// clone beside it and every index stay as they were.
func TestPatchRefuses(t *testing.T) {
	t.Parallel()
	stranger := smallNet(t).Graph.Nodes()[0]
	for _, tc := range []struct {
		want string
		edit func(g *Graph, p *Patch)
	}{
		{"the graph has a cycle through node", func(g *Graph, p *Patch) { p.SetInput(node(t, g, "conv1"), 0, "h4") }},
		{`the graph has a cycle through node "h2" (Relu)`, func(g *Graph, p *Patch) { p.SetInput(node(t, g, "h2"), 0, "h2") }},
		{`value "h2" is made by node "h2" (Relu) and by node "twin" (Relu)`, func(g *Graph, p *Patch) {
			p.Add(NodeSpec{Op: "Relu", Name: "twin", Inputs: []string{"h1"}, Outputs: []string{"h2"}})
		}},
		{`value "o" is made by node "twin" (Split) and by node "twin" (Split)`, func(g *Graph, p *Patch) {
			p.Add(NodeSpec{Op: "Split", Name: "twin", Inputs: []string{"h1"}, Outputs: []string{"o", "o"}})
		}},
		{`value "fc.bias" is made by node "fc.bias" (Relu) and is an initializer`, func(g *Graph, p *Patch) {
			p.Add(NodeSpec{Op: "Relu", Inputs: []string{"h1"}, Outputs: []string{"fc.bias"}})
		}},
		{`value "h1" is made by node "conv1" (Conv) and is an initializer`, func(g *Graph, p *Patch) { p.SetInitializer(ramp("h1", 1)) }},
		{`value "h1" is made by node "conv1" (Conv) and is a graph input`, func(g *Graph, p *Patch) { p.SetInputType("h1", Type{}) }},
		{`node "fc" (Gemm) reads "nowhere", which nothing makes`, func(g *Graph, p *Patch) { p.SetInput(node(t, g, "fc"), 0, "nowhere") }},
		{`node "h2" (Relu) reads "h1", which nothing makes`, func(g *Graph, p *Patch) { p.Remove(node(t, g, "conv1")) }},
		{`node "h2" (Relu) reads "h1", which nothing makes`, func(g *Graph, p *Patch) { p.SetOutputs(node(t, g, "conv1"), "z") }},
		{`node "conv1" (Conv) reads "x", which nothing makes`, func(g *Graph, p *Patch) { p.RemoveInput("x") }},
		{`node "fc" (Gemm) reads "fc.bias", which nothing makes`, func(g *Graph, p *Patch) { p.RemoveInitializer("fc.bias") }},
		{`graph output "logits" is made by no node`, func(g *Graph, p *Patch) { p.Remove(node(t, g, "fc")) }},
		{`graph output "more" is made by no node`, func(g *Graph, p *Patch) { p.SetOutputType("more", Type{Elem: Float32}) }},
		{"a graph input has no name", func(g *Graph, p *Patch) { p.SetInputType("", Type{Elem: Float32}) }},
		{"set initializer: the tensor has no name", func(g *Graph, p *Patch) { p.SetInitializer(ramp("", 1)) }},
		{`remove initializer "none": there is none`, func(g *Graph, p *Patch) { p.RemoveInitializer("none") }},
		{`remove node "h2" (Relu): already removed`, func(g *Graph, p *Patch) { p.Remove(node(t, g, "h2")); p.Remove(node(t, g, "h2")) }},
		{`remove node "conv1" (Conv): it is not part of the graph`, func(g *Graph, p *Patch) { p.Remove(stranger) }},
		{`node "conv1" (Conv) is not part of the graph`, func(g *Graph, p *Patch) { p.SetInput(stranger, 0, "x") }},
		{`node "conv1" (Conv) is not part of the graph`, func(g *Graph, p *Patch) { p.SetOutputs(stranger, "z") }},
		{`node "conv1" (Conv) is not part of the graph`, func(g *Graph, p *Patch) { p.SetAttr(stranger, Int("group", 1)) }},
		{`node "conv1" (Conv) is not part of the graph`, func(g *Graph, p *Patch) { p.DropAttr(stranger, "pads") }},
		{"is not part of the graph", func(g *Graph, p *Patch) { p.SetInput(g.Producer("x"), 0, "x") }},
		{"is not part of the graph", func(g *Graph, p *Patch) { p.Remove(g.Producer("x")) }},
		{`set input -1 of node "fc" (Gemm): there is no such input`, func(g *Graph, p *Patch) { p.SetInput(node(t, g, "fc"), -1, "x") }},
		{`set input 9223372036854775807 of node "fc" (Gemm): there is no such input`, func(g *Graph, p *Patch) { p.SetInput(node(t, g, "fc"), math.MaxInt, "x") }},
	} {
		m := smallNet(t)
		clone := m.Clone()
		before, nodes := state(t, m), slices.Clone(m.Graph.Nodes())
		p := m.Graph.Edit()
		// Edits that are fine by themselves, of every kind.
		n := node(t, m.Graph, "conv2")
		p.SetAttr(n, Ints("strides", 1, 1))
		p.DropAttr(n, "pads")
		p.SetInitializer(ramp("conv2.weight", 8, 4, 3, 3))
		p.SetInitializer(ramp("extra", 1))
		p.SetInputType("x", Type{Elem: Float16})
		p.SetOutputType("logits", Type{Elem: Float16})
		p.SetTypes(map[string]Type{"h3": {Float32, ShapeOf(1)}})
		p.Add(NodeSpec{Op: "Neg", Inputs: []string{"h2"}, Outputs: []string{"spare"}})
		tc.edit(m.Graph, p)
		for range 2 { // a failed patch may be tried again
			err := p.Apply()
			if err == nil || !strings.HasPrefix(err.Error(), "edit graph: ") || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want %q", err, tc.want)
			}
			if state(t, m) != before || !slices.Equal(m.Graph.Nodes(), nodes) {
				t.Errorf("%s: the graph changed", tc.want)
			}
			if state(t, clone) != before {
				t.Errorf("%s: the clone changed", tc.want)
			}
		}
	}
}

func TestFailedPatchCanBeMended(t *testing.T) {
	t.Parallel()
	m := smallNet(t)
	p := m.Graph.Edit()
	p.SetInput(node(t, m.Graph, "fc"), 0, "late")
	if p.Apply() == nil {
		t.Fatal("a value that nothing makes was accepted")
	}
	p.Add(NodeSpec{Op: "Neg", Inputs: []string{"h6"}, Outputs: []string{"late"}})
	apply(t, p)
	valid(t, m.Graph)
	before := state(t, m)
	apply(t, p) // its edits are made; nothing is left to do
	if state(t, m) != before {
		t.Error("an applied patch applied its edits again")
	}
}
