package training

import (
	"slices"

	"github.com/prunefuse/prunefuse/onnxio"
)

// channelsFirst returns a model that takes samples as sets give them, [C H W]:
// the model itself, or, where its input has the channels last, a copy that
// transposes first. The weights go by the same names in both.
func channelsFirst(m *onnxio.Model, sample []int) (*onnxio.Model, error) {
	ins := m.Graph.Inputs()
	if len(ins) != 1 || len(sample) != 3 || len(ins[0].Type.Shape) != 4 {
		return m, nil
	}
	in := ins[0]
	s := in.Type.Shape
	last := []int{sample[1], sample[2], sample[0]}
	if accepts(s[1:], sample) || !accepts(s[1:], last) {
		return m, nil
	}
	m = m.Clone()
	p := m.Graph.Edit()
	first := p.Fresh(in.Name + ".channels_first")
	p.RemoveInput(in.Name)
	p.SetInputType(first, onnxio.Type{Elem: in.Type.Elem, Shape: onnxio.Shape{s[0], s[3], s[1], s[2]}})
	p.Add(onnxio.NodeSpec{
		Op: "Transpose", Inputs: []string{first}, Outputs: []string{in.Name},
		Attrs: []onnxio.Attr{onnxio.Ints("perm", 0, 2, 3, 1)},
	})
	return m, p.Apply()
}

// accepts reports whether an input of these dimensions takes a sample.
func accepts(dims onnxio.Shape, sample []int) bool {
	return slices.EqualFunc(dims, sample, func(d onnxio.Dim, n int) bool { return !d.IsKnown() || d.Is(int64(n)) })
}

// pointLike reports whether logits of a shape [N C 1 …] are a value a class at the
// one place that is left of an image.
func pointLike(s onnxio.Shape) bool {
	return len(s) > 2 && !slices.ContainsFunc(s[2:], func(d onnxio.Dim) bool { return !d.Is(1) })
}

// flattened returns a copy of a model with an output [N classes] made of one
// that is pointLike, and its name.
func flattened(m *onnxio.Model, output string, t onnxio.Type) (*onnxio.Model, string, error) {
	m = m.Clone()
	p := m.Graph.Edit()
	flat := p.Fresh(output + ".flat")
	p.Add(onnxio.NodeSpec{
		Op: "Flatten", Inputs: []string{output}, Outputs: []string{flat}, Attrs: []onnxio.Attr{onnxio.Int("axis", 1)},
	})
	p.SetOutputType(flat, onnxio.Type{Elem: t.Elem, Shape: t.Shape[:2]})
	return m, flat, p.Apply()
}
