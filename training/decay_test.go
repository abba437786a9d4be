package training

import (
	"slices"
	"testing"

	"github.com/prunefuse/prunefuse/models"
	"github.com/prunefuse/prunefuse/onnxio"
)

func TestDecayOnWeights(t *testing.T) {
	t.Parallel()
	m := onnxio.New("parameters of every kind")
	p := m.Graph.Edit()
	weight := func(name string, dims ...int64) string {
		p.SetInitializer(onnxio.NewTensor(name, dims, make([]float32, onnxio.ShapeOf(dims...).Size().Or(0))))
		return name
	}
	p.SetInputType("x", onnxio.Type{Elem: onnxio.Float32, Shape: onnxio.ShapeOf(2, 3, 4, 4)})
	for _, n := range []onnxio.NodeSpec{
		{Op: "Conv", Inputs: []string{"x", weight("kernel", 5, 3, 1, 1), weight("bias", 5)}},
		{Op: "Conv", Inputs: []string{"x", weight("kernel of one", 1, 3, 1, 1)}},
		{Op: "Add", Inputs: []string{"x", weight("bias of its own", 1, 3, 1, 1)}},
		{Op: "Mul", Inputs: []string{weight("layer scale", 3, 1, 1), "x"}},
		{Op: "PRelu", Inputs: []string{"x", weight("slope", 3, 1, 1)}},
		{Op: "Add", Inputs: []string{"x", weight("position", 1, 3, 4, 4)}},
		{Op: "MatMul", Inputs: []string{"x", weight("column", 4, 1)}},
		{Op: "LayerNormalization", Inputs: []string{"x", weight("norm of two axes", 4, 4), weight("norm bias", 4, 4)}},
	} {
		n.Outputs = []string{p.Fresh("y")}
		p.Add(n)
	}
	if err := p.Apply(); err != nil {
		t.Fatal(err)
	}
	want := []string{"kernel", "kernel of one", "position", "column"}
	if got := decaying(m, DecayWeights); !slices.Equal(got, want) {
		t.Errorf("%q decay, want %q", got, want)
	}
	if got := decaying(m, DecayAll); len(got) != len(m.Graph.Initializers()) {
		t.Errorf("all: only %q decay", got)
	}
	r, err := models.Build("resnet20", models.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range decaying(r, DecayWeights) {
		if c := r.Graph.Initializer(name); c.Rank() < 2 {
			t.Errorf("%s of %v decays", name, c.Dims())
		}
	}
}

func decaying(m *onnxio.Model, d Decay) (names []string) {
	for _, c := range m.Graph.Initializers() {
		if d.on(m.Graph, c) {
			names = append(names, c.Name())
		}
	}
	return names
}
