package pruning

import (
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/models"
	"github.com/prunefuse/prunefuse/onnxio"
)

// TestOnlyBiases: whatever else compensation might have changed is found.
func TestOnlyBiases(t *testing.T) {
	t.Parallel()
	m, err := models.Build("resnet20", models.Options{Width: 0.25})
	if err != nil {
		t.Fatal(err)
	}
	edited := func(edit func(p *onnxio.Patch)) *onnxio.Model {
		out := m.Clone()
		p := out.Graph.Edit()
		edit(p)
		if err := p.Apply(); err != nil {
			t.Fatal(err)
		}
		return out
	}
	filled := func(name string, like *onnxio.Tensor) *onnxio.Tensor {
		v := make([]float32, like.Len())
		v[0] = 7
		w, err := like.WithFloats(v)
		if err != nil {
			t.Fatal(err)
		}
		return w.Renamed(name)
	}
	weight, mean := m.Graph.Initializer("layer1.0.conv1.weight"), m.Graph.Initializer("bn1.running_mean")
	relu := func(g *onnxio.Graph) *onnxio.Node {
		for _, n := range g.Nodes() {
			if n.Op() == "Relu" {
				return n
			}
		}
		t.Fatal("no Relu")
		return nil
	}(m.Graph)
	conv := m.Graph.Producer(relu.Input(0))
	for want, c := range map[string]struct {
		changed, added []string
		edit           func(p *onnxio.Patch)
	}{
		"": {[]string{"bn1.running_mean"}, []string{"bias"}, func(p *onnxio.Patch) {
			p.SetInitializer(filled("bn1.running_mean", mean))
			p.SetInitializer(filled("bias", mean))
			sum := p.Fresh("sum")
			p.SetOutputs(relu, sum)
			p.Add(onnxio.NodeSpec{Op: "Add", Inputs: []string{sum, "bias"}, Outputs: []string{relu.Output(0)}})
		}},
		`weight "bn1.running_mean" has other numbers`: {nil, nil, func(p *onnxio.Patch) {
			p.SetInitializer(filled("bn1.running_mean", mean))
		}},
		`weight "layer1.0.conv1.weight" is another one`: {[]string{"layer1.0.conv1.weight"}, nil, func(p *onnxio.Patch) {
			p.SetInitializer(filled("layer1.0.conv1.weight", mean))
		}},
		`has other attributes`: {nil, nil, func(p *onnxio.Patch) {
			p.SetAttr(conv, onnxio.Float("epsilon", 0.5))
		}},
		`instead of`: {nil, nil, func(p *onnxio.Patch) {
			p.SetInitializer(filled("bias", mean))
			p.SetInput(conv, 2, "bias")
		}},
		`is another node`: {nil, nil, func(p *onnxio.Patch) {
			p.Remove(relu)
			p.Add(onnxio.NodeSpec{Op: "Sigmoid", Inputs: []string{relu.Input(0)}, Outputs: []string{relu.Output(0)}})
		}},
		`added 1 weights, of which 0 are biases`: {nil, nil, func(p *onnxio.Patch) {
			p.SetInitializer(filled("more", weight))
		}},
	} {
		err := onlyBiases(m, edited(c.edit), &Compensation{Changed: c.changed, Added: c.added})
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}
