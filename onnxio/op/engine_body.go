package op

import (
	"fmt"
	"slices"

	"github.com/prunefuse/prunefuse/onnxio"
)

// body infers the types of the outputs of a subgraph that is fed values of
// the given types. Where its nodes do not fit them, as in a branch that is
// never taken, there are none.
func (c *Infer) body(attr string, fed []onnxio.Type) ([]onnxio.Type, error) {
	g, captured, err := c.Node.Subgraph(attr)
	switch {
	case err != nil:
		return nil, err
	case g == nil:
		return nil, fmt.Errorf("it has no %s", attr)
	}
	inputs := g.Inputs()
	if len(inputs)-len(captured) != len(fed) {
		return nil, fmt.Errorf("%s takes %d inputs, want %d", attr, len(inputs)-len(captured), len(fed))
	}
	in := newFacts(c.Opset)
	for i, v := range inputs[:len(fed)] {
		in.Types[v.Name] = fed[i]
	}
	for _, name := range captured {
		in.Types[name] = c.Types[name]
		if v, ok := c.Values[name]; ok {
			in.Values[name] = v
		}
	}
	if in.walk(g) != nil {
		return nil, nil
	}
	var out []onnxio.Type
	for _, v := range g.Outputs() {
		t := in.Types[v.Name]
		if t.Elem == onnxio.Undefined {
			t = v.Type
		}
		out = append(out, t)
	}
	return out, nil
}

// either returns the shape of a value that has one of two: what they do not
// share is not known.
func (c *Infer) either(o int, a, b onnxio.Shape) onnxio.Shape {
	if a == nil || b == nil || len(a) != len(b) {
		return nil
	}
	s := a.Clone()
	for k, d := range b {
		if s[k] != d {
			s[k] = c.unknown(o, k)
		}
	}
	return s
}

// states returns the types that values passed from one run of a subgraph to the
// next have in every run, and the types of all its outputs then. The values
// are inputs from first on and outputs from after on. Types are nil where the
// runs do not settle on any.
func (c *Infer) states(fed []onnxio.Type, first, n, after int) (out []onnxio.Type, err error) {
	start := slices.Clone(fed[first : first+n])
	for range maxRuns {
		out, err = c.body("body", fed)
		if err != nil || len(out) < after+n {
			return nil, err
		}
		settled := true
		for i := range n {
			s := c.either(i, start[i].Shape, out[after+i].Shape)
			settled = settled && s.Equal(fed[first+i].Shape)
			fed[first+i].Shape, out[after+i].Shape = s, s
		}
		if settled {
			return out, nil
		}
	}
	return nil, nil
}

// maxRuns is after how many runs every extent that changes is a symbol, and
// those that are made from it are known by name.
const maxRuns = 4

// bodyCost leaves a node uncounted: how often its subgraphs run is not known.
func bodyCost(c *Infer) onnxio.Dim { return onnxio.Symbol("runs of " + c.Node.Op()) }

// bodyPins is the axis rule of operators that run a subgraph.
var bodyPins = Opaque("what enters or leaves a subgraph keeps its indices")

// bodyUpgrade refuses to lift a node whose subgraphs would have to be
// written anew.
func bodyUpgrade(u *Upgrade) error {
	for _, a := range u.Node.Attrs() {
		g, _, err := u.Node.Subgraph(a.Name())
		if err != nil {
			return err
		}
		if g == nil {
			continue
		}
		for _, n := range g.Nodes() {
			if d := Lookup(n, u.From); d == nil || (d.Upgrade != nil && n.Op() != "If") {
				return fmt.Errorf("%v in its %s cannot be lifted; export the model at opset %d", n, a.Name(), TrainOpset)
			}
		}
	}
	return nil
}

// bodyModel returns a graph for a case's attribute.
func bodyModel(build func(p *onnxio.Patch)) *onnxio.Model {
	m := onnxio.New("body")
	p := m.Graph.Edit()
	build(p)
	if err := p.Apply(); err != nil {
		panic("BUG: " + err.Error())
	}
	return m
}

// constantBody has n constants of a shape as its outputs.
func constantBody(n int, dims ...int64) *onnxio.Model {
	return bodyModel(func(p *onnxio.Patch) {
		size := onnxio.ShapeOf(dims...).Size().Or(0)
		for i := range n {
			name := fmt.Sprintf("r%d", i)
			p.SetInitializer(onnxio.NewTensor("c"+name, dims, make([]float32, size)))
			p.Add(onnxio.NodeSpec{Op: "Identity", Inputs: []string{"c" + name}, Outputs: []string{name}})
			p.SetOutputType(name, onnxio.Type{Elem: onnxio.Float32, Shape: onnxio.ShapeOf(dims...)})
		}
	})
}
