package compare

import (
	"fmt"
	"slices"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
)

// WithOutputs returns the model with inner values as further outputs and
// without some of its own.
func WithOutputs(m *onnxio.Model, further, without []string) (*onnxio.Model, error) {
	if len(further) == 0 && len(without) == 0 {
		return m, nil
	}
	f, err := op.InferGraph(m, op.InferOptions{})
	if err != nil {
		return nil, err
	}
	if len(further) == 0 && len(without) == len(m.Graph.Outputs()) {
		why := "every output hangs on a choice"
		if n := drawn(m)[without[0]]; n != nil {
			why = fmt.Sprintf("every output hangs on what %v draws at random", n)
		}
		return nil, fmt.Errorf("nothing can be compared: %s, and so does every inner value; leave the check out (--no-verify)", why)
	}
	m = m.Clone()
	p := m.Graph.Edit()
	for _, name := range further {
		p.SetOutputType(name, f.Types[name])
	}
	for _, name := range without {
		p.RemoveOutput(name)
	}
	if err := p.Apply(); err != nil {
		return nil, err
	}
	return m, op.Sweep(m.Graph)
}

// stepping are operators of floats that give one of few values, so that
// rounding of their inputs can turn their outputs.
var stepping = []string{
	"Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Floor", "Ceil", "Round", "Sign", "Mod", "QuantizeLinear", "DynamicQuantizeLinear",
}

// choices finds the outputs of a model that hang on a choice, and the floats
// that choices are made of.
func choices(m *onnxio.Model, f *op.Facts) (behind, made []string) {
	chosen := map[string]bool{}
	for _, n := range m.Graph.Nodes() {
		d := op.Lookup(n, f.Opset)
		jumps := d != nil && d.Jumps
		if slices.Contains(stepping, n.Op()) && n.Domain() == "" {
			jumps = slices.ContainsFunc(n.Inputs(), func(in string) bool {
				t, _ := m.Graph.Constant(in)
				return t == nil && f.Types[in].Elem.Float()
			})
		}
		after := jumps || slices.ContainsFunc(slices.Concat(n.Inputs(), n.Captures()), func(in string) bool { return chosen[in] })
		for _, o := range n.Outputs() {
			chosen[o] = chosen[o] || (after && o != "")
		}
		for _, in := range n.Inputs() {
			if t, _ := m.Graph.Constant(in); jumps && t == nil && f.Types[in].Elem.Float() && m.Graph.Producer(in) != nil && !slices.Contains(made, in) {
				made = append(made, in)
			}
		}
	}
	for _, v := range m.Graph.Outputs() {
		if chosen[v.Name] {
			behind = append(behind, v.Name)
		}
	}
	return behind, made
}

// maxTaps bounds the inner values that are compared beside the outputs.
const maxTaps = 16

// tapped gives both models the inner values that choices of x are made of as
// further outputs, as far as y computes values of those names and shapes too, and
// has the samples along their first axis where it alone leaves the batch open.
func tapped(x, y *onnxio.Model, made []string) (*onnxio.Model, *onnxio.Model) {
	fx, errX := op.InferGraph(x, op.InferOptions{})
	fy, errY := op.InferGraph(y, op.InferOptions{})
	if errX != nil || errY != nil {
		return x, y
	}
	samples := func(name string) bool { return true }
	if freedBatch(x, y) > 0 {
		samples = func(name string) bool {
			s := fy.Types[name].Shape
			return len(s) > 0 && s[0] == y.Graph.Inputs()[0].Type.Shape[0]
		}
	}
	var names []string
	for _, name := range made {
		if len(names) < maxTaps && y.Graph.Producer(name) != nil && !x.Graph.IsOutput(name) && !y.Graph.IsOutput(name) && samples(name) &&
			covers("output", fx.Types[name].Shape, fy.Types[name].Shape) {
			names = append(names, name)
		}
	}
	tx, errX := WithOutputs(x, names, nil)
	ty, errY := WithOutputs(y, names, nil)
	if errX != nil || errY != nil {
		return x, y
	}
	return tx, ty
}

// comparable are the outputs that sessions give and that are the same in every
// run: those of numbers, which hang on nothing drawn at random.
func comparable(m *onnxio.Model) (names, unseen []string) {
	random := drawn(m)
	for _, v := range m.Graph.Outputs() {
		e := v.Type.Elem
		switch {
		case random[v.Name] != nil:
			unseen = append(unseen, fmt.Sprintf("output %s, which hangs on what %v draws at random", v.Name, random[v.Name]))
		case e == onnxio.Float16 || e == onnxio.Float32 || e == onnxio.Float64 || e.Int():
			names = append(names, v.Name)
		default:
			unseen = append(unseen, fmt.Sprintf("output %s, which holds no numbers", v.Name))
		}
	}
	return names, unseen
}

// drawn gives, for every value that hangs on something drawn at random, the
// first node that draws.
func drawn(m *onnxio.Model) map[string]*onnxio.Node {
	by := map[string]*onnxio.Node{}
	f, err := op.InferGraph(m, op.InferOptions{})
	if err != nil {
		return by
	}
	for _, n := range m.Graph.Nodes() {
		var from *onnxio.Node
		for _, in := range slices.Concat(n.Inputs(), n.Captures()) {
			if by[in] != nil {
				from = by[in]
				break
			}
		}
		if from == nil && op.Draws(f, m.Graph, n) {
			from = n
		}
		for _, o := range n.Outputs() {
			if from != nil && o != "" {
				by[o] = from
			}
		}
	}
	return by
}
