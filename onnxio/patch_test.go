package onnxio

import (
	"math"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/prunefuse/prunefuse/onnxio/onnxpb"
)

// node finds a node by name.
func node(t testing.TB, g *Graph, name string) *Node {
	t.Helper()
	for _, n := range g.Nodes() {
		if n.Name() == name {
			return n
		}
	}
	t.Fatalf("no node %q", name)
	return nil
}

func order(g *Graph) string {
	var names []string
	for _, n := range g.Nodes() {
		names = append(names, n.Name())
	}
	return strings.Join(names, " ")
}

// TestPatchEdits applies one edit each to smallNet and compares the lines of
// the text form that change.
func TestPatchEdits(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		what string
		edit func(g *Graph, p *Patch)
		diff string
	}{
		{"nothing", func(*Graph, *Patch) {}, ""},
		{"put a node in between", func(g *Graph, p *Patch) {
			out := p.Fresh("h2")
			p.Add(NodeSpec{Op: "Sigmoid", Inputs: []string{"h2"}, Outputs: []string{out}})
			p.Redirect("h2", out)
		}, `
-  h3 = Conv{kernel_shape=[3,3] pads=[1,1,1,1]}(h2, conv2.weight)
-  h4 = Add(h3, h2)
+  h2_1 = Sigmoid(h2)
+  h3 = Conv{kernel_shape=[3,3] pads=[1,1,1,1]}(h2_1, conv2.weight)
+  h4 = Add(h3, h2_1)`},
		{"bypass a node", func(g *Graph, p *Patch) {
			p.Redirect("h2", "h1")
			p.Remove(node(t, g, "h2"))
		}, `
-  h2 = Relu(h1)
-  h3 = Conv{kernel_shape=[3,3] pads=[1,1,1,1]}(h2, conv2.weight)
-  h4 = Add(h3, h2)
+  h3 = Conv{kernel_shape=[3,3] pads=[1,1,1,1]}(h1, conv2.weight)
+  h4 = Add(h3, h1)`},
		{"an input set before a redirect stays", func(g *Graph, p *Patch) {
			p.SetInput(node(t, g, "sum"), 1, "h3")
			p.Redirect("h2", "h1")
		}, `
-  h3 = Conv{kernel_shape=[3,3] pads=[1,1,1,1]}(h2, conv2.weight)
-  h4 = Add(h3, h2)
+  h3 = Conv{kernel_shape=[3,3] pads=[1,1,1,1]}(h1, conv2.weight)
+  h4 = Add(h3, h3)`},
		{"a removed reader needs no redirect", func(g *Graph, p *Patch) {
			p.Remove(node(t, g, "sum"))
			p.Redirect("h4", "h3")
		}, `
-  h4 = Add(h3, h2)
-  h5 = GlobalAveragePool(h4)
+  h5 = GlobalAveragePool(h3)`},
		{"grow an input list", func(g *Graph, p *Patch) { p.SetInput(node(t, g, "pool"), 3, "h2") }, `
-  h5 = GlobalAveragePool(h4)
+  h5 = GlobalAveragePool(h4, , , h2)`},
		{"rename an output", func(g *Graph, p *Patch) {
			p.SetOutputs(node(t, g, "sum"), "total")
			p.Redirect("h4", "total")
		}, `
-  h4 = Add(h3, h2)
-  h5 = GlobalAveragePool(h4)
+  total = Add(h3, h2)
+  h5 = GlobalAveragePool(total)`},
		{"attributes", func(g *Graph, p *Patch) {
			n := node(t, g, "conv1")
			p.SetAttr(n, Ints("pads", 0, 0, 0, 0))
			p.SetAttr(n, Int("group", 1))
			p.DropAttr(n, "kernel_shape")
			p.DropAttr(n, "absent")
		}, `
-  h1 = Conv{kernel_shape=[3,3] pads=[1,1,1,1]}(x, conv1.weight, conv1.bias)
+  h1 = Conv{group=1 pads=[0,0,0,0]}(x, conv1.weight, conv1.bias)`},
		{"replace an initializer", func(g *Graph, p *Patch) { p.SetInitializer(NewTensor("fc.bias", []int64{1}, []int64{3})) }, `
-  var fc.bias: float32[4]#6289840e
+  var fc.bias: int64[1]#f8479be5`},
		{"an initializer the patch itself adds and removes", func(g *Graph, p *Patch) {
			p.SetInitializer(Scalar("s", int64(1)))
			p.RemoveInitializer("s")
		}, ""},
		{"remove an initializer", func(g *Graph, p *Patch) {
			p.SetInput(node(t, g, "conv1"), 2, "")
			p.RemoveInitializer("conv1.bias")
		}, `
-  var conv1.bias: float32[4]#6289840e
-  h1 = Conv{kernel_shape=[3,3] pads=[1,1,1,1]}(x, conv1.weight, conv1.bias)
+  h1 = Conv{kernel_shape=[3,3] pads=[1,1,1,1]}(x, conv1.weight, )`},
		{"inputs and outputs", func(g *Graph, p *Patch) {
			p.SetInputType("x", Type{Float16, ShapeOf(1, 3)})
			p.SetInputType("mask", Type{Bool, nil})
			p.SetOutputType("h5", Type{Float32, Shape{Symbol("n").Mul(Known(2))}})
			p.RemoveOutput("logits")
			p.RemoveOutput("absent")
		}, `
-  in  x: float32[batch,3,8,8]
+  in  x: float16[1,3]
+  in  mask: bool[?]
-  out logits: float32[batch,4]
+  out h5: float32[2×n]`},
		{"an input becomes a constant", func(g *Graph, p *Patch) {
			p.RemoveInput("x")
			p.SetInitializer(ramp("x", 1))
		}, `
-  in  x: float32[batch,3,8,8]
+  var x: float32[1]#1acd855e`},
	} {
		m := smallNet(t)
		before := text(t, m)
		p := m.Graph.Edit()
		tc.edit(m.Graph, p)
		if err := p.Apply(); err != nil {
			t.Errorf("%s: %v", tc.what, err)
			continue
		}
		valid(t, m.Graph)
		if got := diff(before, text(t, m)); got != tc.diff {
			t.Errorf("%s: changes%s\nwant%s", tc.what, got, tc.diff)
		}
	}
}

// diff lists the lines only a has, and those only b has, in the order a
// reader of b meets them.
func diff(a, b string) string {
	la, lb := strings.Split(a, "\n"), strings.Split(b, "\n")
	out := ""
	for len(la) > 0 || len(lb) > 0 {
		switch {
		case len(la) > 0 && len(lb) > 0 && la[0] == lb[0]:
			la, lb = la[1:], lb[1:]
		case len(la) > 0 && !slices.Contains(lb, la[0]):
			out += "\n-" + la[0]
			la = la[1:]
		default:
			out += "\n+" + lb[0]
			lb = lb[1:]
		}
	}
	return out
}

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

func TestCloneIsIndependent(t *testing.T) {
	t.Parallel()
	m := parse(t, encode(t, branchProto()))
	m.SetMeta("k", "v")
	before := state(t, m)
	c := m.Clone()
	c.SetMeta("k", "w")
	c.SetMeta("new", "1")
	c.SetOpset("", 18)
	c.SetOpset("other", 1)
	c.SetProducer("someone", "1")
	p := c.Graph.Edit()
	p.SetAttr(c.Graph.Nodes()[0], Int("a", 1))
	p.SetInput(c.Graph.Nodes()[0], 1, "w")
	p.SetInitializer(ramp("w", 5))
	p.SetInputType("x", Type{Int64, nil})
	p.SetOutputType("h", Type{Int64, nil})
	p.SetTypes(map[string]Type{"h": {Float32, ShapeOf(2)}})
	apply(t, p)
	if state(t, m) != before {
		t.Error("editing the clone changed the original")
	}
	if state(t, c) == before || c.Opset("") != 18 {
		t.Error("the clone did not change")
	}
	after := state(t, c)
	p = m.Graph.Edit()
	p.RemoveOutput("y")
	p.SetInitializer(ramp("w", 7))
	apply(t, p)
	m.DropMeta("k")
	if state(t, c) != after {
		t.Error("editing the original changed the clone")
	}
}

func TestFresh(t *testing.T) {
	t.Parallel()
	m := parse(t, encode(t, branchProto()))
	p := m.Graph.Edit()
	p.Add(NodeSpec{Op: "Neg", Inputs: []string{"x"}, Outputs: []string{"added"}})
	p.SetInitializer(ramp("constant", 1))
	p.SetInputType("fed", Type{Elem: Float32})
	p.SetOutputs(m.Graph.Nodes()[0], "h", "renamed")
	seen := map[string]bool{"": true}
	// Every name of the graph and its branches, of the patch, and new ones.
	taken := []string{"x", "cond", "w", "h", "y", "t1", "inner", "deep_out", "t2", "e2", "added", "constant", "fed", "renamed"}
	for _, prefix := range append(taken, "", "", "new", "new") {
		name := p.Fresh(prefix)
		if seen[name] || slices.Contains(taken, name) {
			t.Errorf("Fresh(%q) = %q, which is taken", prefix, name)
		}
		if !strings.HasPrefix(name, prefix) {
			t.Errorf("Fresh(%q) = %q", prefix, name)
		}
		seen[name] = true
	}
	if !seen["new"] {
		t.Error("a free prefix is not used as it is")
	}
	if q := m.Graph.Edit(); q.Fresh("a") != "a" || q.Fresh("a") != "a_1" || m.Graph.Edit().Fresh("a") != "a" {
		t.Error("names are not counted per patch")
	}
}

func TestOrderIsStable(t *testing.T) {
	t.Parallel()
	m := smallNet(t)
	const was = "conv1 h2 conv2 sum pool flat fc"
	if got := order(m.Graph); got != was {
		t.Fatalf("order %s", got)
	}
	p := m.Graph.Edit()
	p.Add(NodeSpec{Op: "Neg", Name: "tail", Inputs: []string{"h1"}, Outputs: []string{"n1"}})
	apply(t, p)
	if got, want := order(m.Graph), was+" tail"; got != want {
		t.Errorf("an unread node lands in %s, want %s", got, want)
	}
	p = m.Graph.Edit()
	p.Add(NodeSpec{Op: "Neg", Name: "late", Inputs: []string{"n1"}, Outputs: []string{"n2"}})
	p.SetInput(node(t, m.Graph, "pool"), 0, "n2")
	apply(t, p)
	if got, want := order(m.Graph), "conv1 h2 conv2 sum tail late pool flat fc"; got != want {
		t.Errorf("what pool reads lands in %s, want %s", got, want)
	}
}

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

func TestSetTypes(t *testing.T) {
	t.Parallel()
	m := smallNet(t)
	p := m.Graph.Edit()
	types := map[string]Type{
		"h1": {Float32, Shape{Symbol("batch"), Known(4)}}, "h2": {Float16, nil},
		"x": {Int64, nil}, "logits": {Int64, nil}, "fc.bias": {Int64, nil}, "nobody": {Int64, nil},
	}
	p.SetTypes(types)
	types["h3"] = Type{Int8, nil} // too late: the patch has its own copy
	apply(t, p)
	for _, m := range []*Model{m, parse(t, marshal(t, m))} {
		for name, want := range map[string]string{
			"h1": "float32[batch,4]", "h2": "float16[?]", "x": "float32[batch,3,8,8]", "logits": "float32[batch,4]", "fc.bias": "float32[4]",
		} {
			if got, ok := m.Graph.Declared(name); !ok || got.String() != want {
				t.Errorf("%q is declared %v, %v, want %s", name, got, ok, want)
			}
		}
		for _, name := range []string{"h3", "nobody"} {
			if got, ok := m.Graph.Declared(name); ok {
				t.Errorf("%q is declared %v", name, got)
			}
		}
		if !slices.Equal(m.Graph.typeNames, []string{"h1", "h2"}) {
			t.Errorf("value_info holds %v", m.Graph.typeNames)
		}
	}
	p = m.Graph.Edit()
	p.Remove(node(t, m.Graph, "h2"))
	p.Redirect("h2", "h1")
	apply(t, p)
	if got, ok := m.Graph.Declared("h2"); ok {
		t.Errorf("a removed value is declared %v", got)
	}
	// A value that becomes an output has the output's type.
	p = m.Graph.Edit()
	p.SetOutputType("h1", Type{Int8, nil})
	apply(t, p)
	if got, _ := m.Graph.Declared("h1"); got.String() != "int8[?]" {
		t.Errorf("h1 is declared %v", got)
	}
}

// TestEditKeepsWhatItDoesNotKnow: metadata and unknown fields of a changed
// node, input and output survive the change.
func TestEditKeepsWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	pb := branchProto()
	relu := pb.Graph.Node[0]
	relu.DocString, relu.Overload = proto.String("doc"), proto.String("variant")
	relu.MetadataProps = []*onnxpb.StringStringEntryProto{{Key: proto.String("k"), Value: proto.String("v")}}
	relu.ProtoReflect().SetUnknown(unknownField("node"))
	pb.Graph.Input[0].ProtoReflect().SetUnknown(unknownField("input"))
	m := parse(t, encode(t, pb))
	p := m.Graph.Edit()
	p.SetAttr(node(t, m.Graph, "Relu_h"), Float("alpha", 0))
	p.SetInputType("x", Type{Float16, nil})
	apply(t, p)
	got := decode(t, marshal(t, m)).Graph
	relu.Attribute = []*onnxpb.AttributeProto{Float("alpha", 0).pb}
	if !proto.Equal(got.Node[0], relu) {
		t.Errorf("node is %v, want %v", got.Node[0], relu)
	}
	if string(got.Input[0].ProtoReflect().GetUnknown()) != string(unknownField("input")) {
		t.Error("the input lost its unknown field")
	}
}

// TestPatchCopiesItsArguments: what the caller does to a slice afterwards
// does not reach the graph.
func TestPatchCopiesItsArguments(t *testing.T) {
	t.Parallel()
	m := smallNet(t)
	p := m.Graph.Edit()
	in, out, renamed := []string{"h6"}, []string{"o"}, []string{"logits", "second"}
	p.Add(NodeSpec{Op: "Neg", Inputs: in, Outputs: out})
	p.SetOutputs(node(t, m.Graph, "fc"), renamed...)
	in[0], out[0], renamed[1] = "bad", "bad", "bad"
	apply(t, p)
	if n := m.Graph.Producer("o"); n == nil || n.Input(0) != "h6" || m.Graph.Producer("second") == nil {
		t.Error("the graph shares the caller's slices")
	}
}
