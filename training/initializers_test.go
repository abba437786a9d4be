package training

import (
	"slices"
	"testing"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
)

// apply edits a tiny network.
func apply(t *testing.T, f func(*onnxio.Graph, *onnxio.Patch)) *onnxio.Model {
	t.Helper()
	m := tiny(t)
	p := m.Graph.Edit()
	f(m.Graph, p)
	if err := p.Apply(); err != nil {
		t.Fatal(err)
	}
	return m
}

// TestWeightsInOtherPlaces trains networks that hold the same weights in
// other ways and expects the same values in every place a node reads.
func TestWeightsInOtherPlaces(t *testing.T) {
	orttest.Need(t)
	want, _ := train(t, tiny(t), tinySet(tinySamples), tinyOptions())
	for name, m := range map[string]*onnxio.Model{
		"Constant nodes": apply(t, func(g *onnxio.Graph, p *onnxio.Patch) {
			for _, c := range g.Initializers() {
				p.RemoveInitializer(c.Name())
				p.Add(onnxio.NodeSpec{Op: "Constant", Outputs: []string{c.Name()}, Attrs: []onnxio.Attr{onnxio.TensorValue("value", c)}})
			}
		}),
		"one running mean for all of its size": apply(t, func(g *onnxio.Graph, p *onnxio.Patch) {
			share(g, p, false)
		}),
		"merged by Identity": apply(t, func(g *onnxio.Graph, p *onnxio.Patch) {
			share(g, p, true)
		}),
		"in a branch that is decided": apply(t, decided),
		"a Softmax at the end": apply(t, func(g *onnxio.Graph, p *onnxio.Patch) {
			out := g.Outputs()[0]
			p.RemoveOutput(out.Name)
			p.Add(onnxio.NodeSpec{Op: "Softmax", Inputs: []string{out.Name}, Outputs: []string{"prob"}})
			p.SetOutputType("prob", out.Type)
		}),
	} {
		got, _ := train(t, m, tinySet(tinySamples), tinyOptions())
		compareRead(t, name, want.Graph, got.Graph)
	}
}

// decided keeps the weights of the last layer in the branches of Ifs whose
// condition is true.
func decided(g *onnxio.Graph, p *onnxio.Patch) {
	p.SetInitializer(onnxio.NewTensor("yes", []int64{1}, []bool{true}))
	for _, name := range g.Producer(g.Outputs()[0].Name).Inputs()[1:] {
		w := g.Initializer(name)
		p.RemoveInitializer(name)
		var branches []onnxio.Attr
		for _, branch := range []string{"then_branch", "else_branch"} {
			m := onnxio.New(branch)
			body := m.Graph.Edit()
			body.SetInitializer(w.Renamed("kept"))
			of := map[string]string{"then_branch": "Identity", "else_branch": "Neg"}[branch]
			body.Add(onnxio.NodeSpec{Op: of, Inputs: []string{"kept"}, Outputs: []string{"given"}})
			body.SetOutputType("given", w.Type())
			if err := body.Apply(); err != nil {
				panic(err)
			}
			branches = append(branches, onnxio.Subgraph(branch, m))
		}
		p.Add(onnxio.NodeSpec{Op: "If", Inputs: []string{"yes"}, Outputs: []string{name}, Attrs: branches})
	}
}

// share makes BatchNorms that start with the same statistics read the same
// tensor, as exporters do that merge equal ones.
func share(g *onnxio.Graph, p *onnxio.Patch, identity bool) {
	first := map[string]string{}
	for _, n := range g.Nodes() {
		if n.Op() != "BatchNormalization" {
			continue
		}
		for _, i := range []int{3, 4} {
			name := n.Input(i)
			key := g.Initializer(name).Type().String() + string(rune('0'+i))
			switch have, ok := first[key]; {
			case !ok:
				first[key] = name
			case identity:
				p.RemoveInitializer(name)
				p.Add(onnxio.NodeSpec{Op: "Identity", Inputs: []string{have}, Outputs: []string{name}})
			default:
				p.SetInput(n, i, have)
			}
		}
	}
}

// compareRead compares the constants that nodes making the same values read.
func compareRead(t *testing.T, name string, want, got *onnxio.Graph) {
	t.Helper()
	for _, n := range want.Nodes() {
		o := got.Producer(n.Output(0))
		for i, in := range n.Inputs() {
			a := want.Initializer(in)
			if a == nil {
				continue
			}
			b := got.Initializer(o.Input(i))
			if b == nil {
				t.Errorf("%s: input %d of %v is no initializer", name, i, o)
				continue
			}
			x, errX := a.Floats()
			y, errY := b.Floats()
			if errX != nil || errY != nil {
				continue
			}
			if !slices.Equal(x, y) {
				t.Errorf("%s: input %d of %v differs", name, i, o)
			}
		}
	}
}
