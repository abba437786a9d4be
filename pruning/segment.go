package pruning

import (
	"fmt"
	"slices"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
	"github.com/prunefuse/prunefuse/onnxio/ort"
)

// segment returns the nodes of a model that compute some of its values from
// others. The outputs are these, in the order in which they are named.
func segment(m *onnxio.Model, f *op.Facts, from, to []string) (*onnxio.Model, error) {
	s := m.Clone()
	g := s.Graph
	p := g.Edit()
	need := needed(g, from, to)
	for _, v := range g.Inputs() {
		p.RemoveInput(v.Name)
	}
	for _, v := range g.Outputs() {
		p.RemoveOutput(v.Name)
	}
	for _, n := range g.Nodes() {
		if !need[n] {
			p.Remove(n)
			continue
		}
		outs := slices.Clone(n.Outputs())
		for i, o := range outs {
			if slices.Contains(from, o) { // it is fed
				outs[i] = p.Fresh(o)
			}
		}
		if !slices.Equal(outs, n.Outputs()) {
			p.SetOutputs(n, outs...)
		}
	}
	for _, list := range [][]string{from, to} {
		for _, v := range list {
			if f.Types[v].Shape == nil {
				return nil, fmt.Errorf("the shape of %q is not known", v)
			}
		}
	}
	for _, v := range from {
		p.SetInputType(v, f.Types[v])
	}
	for _, v := range to {
		p.SetOutputType(v, f.Types[v])
	}
	if err := p.Apply(); err != nil {
		return nil, err
	}
	if err := op.Sweep(g); err != nil {
		return nil, err
	}
	p = g.Edit()
	for _, v := range g.Inputs() {
		if len(g.Consumers(v.Name)) == 0 {
			p.RemoveInput(v.Name)
		}
	}
	return s, p.Apply()
}

// needed are the nodes that make some values of others.
func needed(g *onnxio.Graph, from, to []string) map[*onnxio.Node]bool {
	out := map[*onnxio.Node]bool{}
	stack := slices.Clone(to)
	for len(stack) > 0 {
		v := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if n := g.Producer(v); n != nil && !out[n] && !slices.Contains(from, v) {
			out[n] = true
			stack = append(stack, slices.Concat(n.Inputs(), n.Captures())...)
		}
	}
	return out
}

// storable reports whether a value is kept between segments. Others, such as
// extents, are computed anew.
func storable(t onnxio.Type) bool {
	e := t.Elem
	return t.Shape != nil && (e == onnxio.Float16 || e == onnxio.Float32 || e == onnxio.Float64)
}

// live lists the values that the nodes of a model from the given one on, and
// its outputs, read of those before it: what a run must begin with that leaves
// out the nodes before. Values that do not depend on the inputs are none.
func live(g *onnxio.Graph, f *op.Facts, varies map[string]bool, from *onnxio.Node) []string {
	behind := map[string]bool{}
	after := false
	var out []string
	var read func(v string)
	read = func(v string) {
		if v == "" || behind[v] || slices.Contains(out, v) || !varies[v] {
			return
		}
		if n := g.Producer(v); n != nil && !storable(f.Types[v]) {
			for _, in := range slices.Concat(n.Inputs(), n.Captures()) {
				read(in)
			}
			return
		}
		out = append(out, v)
	}
	for _, n := range g.Nodes() {
		if after = after || n == from; !after {
			continue
		}
		for _, v := range slices.Concat(n.Inputs(), n.Captures()) {
			read(v)
		}
		for _, o := range n.Outputs() {
			behind[o] = true
		}
	}
	for _, v := range g.Outputs() {
		read(v.Name)
	}
	return out
}

// floatsOf are the elements of a float tensor, which for float32 are not copied.
func floatsOf(t *ort.Tensor) ([]float32, error) {
	if t.Elem() == onnxio.Float32 {
		return ort.Data[float32](t), nil
	}
	return onnxio.RawTensor("", t.Elem(), t.Shape(), t.Bytes()).Floats()
}

func closeAll(tensors map[string]*ort.Tensor) {
	for _, t := range tensors {
		t.Close()
	}
}
