package onnxio

import (
	"slices"
	"strings"
	"testing"
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
