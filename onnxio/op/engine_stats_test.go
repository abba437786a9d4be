package op_test

import (
	"slices"
	"testing"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
)

// sized returns a convolution of an image of open size to so many channels,
// which are pooled and go through a layer.
func sized(t *testing.T, channels int64) *onnxio.Model {
	t.Helper()
	h := onnxio.Symbol("H")
	return graph(t, func(p *onnxio.Patch) {
		p.SetInputType("x", floats(onnxio.Symbol("N"), onnxio.Known(3), h, h))
		p.SetInitializer(onnxio.NewTensor("w", []int64{channels, 3, 1, 1}, make([]float32, 3*channels)))
		p.SetInitializer(onnxio.NewTensor("v", []int64{channels, 2}, make([]float32, 2*channels)))
		node(p, "conv", "Conv", []string{"x", "w"})
		node(p, "pool", "GlobalAveragePool", []string{"conv"})
		node(p, "flat", "Flatten", []string{"pool"})
		node(p, "y", "MatMul", []string{"flat", "v"})
		p.SetOutputType("y", floats(onnxio.Symbol("N"), onnxio.Known(2)))
	})
}

func TestCountOpenSize(t *testing.T) {
	t.Parallel()
	m := sized(t, 5)
	s, err := op.CountModel(m, nil)
	if err != nil || s.MACsKnown() || !slices.Equal(s.Open, []string{"x"}) || s.MACs != 10 {
		t.Errorf("%+v, %v", s, err)
	}
	s, err = op.CountModel(m, onnxio.InputShapes{"x": {4, 3, 6, 7}})
	if err != nil || !s.MACsKnown() || s.Open != nil || s.MACs != 3*5*6*7+10 {
		t.Errorf("at 6 by 7: %+v, %v", s, err)
	}
	if _, err = op.CountModel(m, onnxio.InputShapes{"x": {4, 1, 6, 7}}); err == nil {
		t.Error("a shape that does not fit is counted")
	}
}

// Models compare by the nodes whose cost both tell.
func TestMACsInBoth(t *testing.T) {
	t.Parallel()
	shape := onnxio.InputShapes{"x": {1, 3, 2, 2}}
	count := func(m *onnxio.Model, s onnxio.InputShapes) op.Stats {
		stats, err := op.CountModel(m, s)
		if err != nil {
			t.Fatal(err)
		}
		return stats
	}
	for name, test := range map[string]struct {
		a, b    op.Stats
		macsA   int64
		macsB   int64
		skipped int
	}{
		"all known":       {count(sized(t, 6), shape), count(sized(t, 3), shape), 72 + 12, 36 + 6, 0},
		"unknown in one":  {count(sized(t, 6), shape), count(sized(t, 3), nil), 12, 6, 1},
		"and the other":   {count(sized(t, 6), nil), count(sized(t, 3), shape), 12, 6, 1},
		"unknown in both": {count(sized(t, 6), nil), count(sized(t, 3), nil), 12, 6, 1},
	} {
		a, b, skipped := op.MACsInBoth(test.a, test.b)
		if a != test.macsA || b != test.macsB || skipped != test.skipped {
			t.Errorf("%s: %d, %d without %d nodes; want %d, %d without %d", name, a, b, skipped, test.macsA, test.macsB, test.skipped)
		}
	}
}

// A batch that is fixed counts a sample, where it is one: at both ends.
func TestCountFixedBatch(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		in, out onnxio.Dim
		macs    int64
	}{
		"free":          {onnxio.Symbol("N"), onnxio.Symbol("N"), 3*5 + 5*2},
		"fixed":         {onnxio.Known(4), onnxio.Known(4), 3*5 + 5*2},
		"one":           {onnxio.Known(1), onnxio.Known(1), 3*5 + 5*2},
		"out is summed": {onnxio.Known(4), onnxio.Known(1), 4 * (3*5 + 5*2)},
	} {
		m := graph(t, func(p *onnxio.Patch) {
			p.SetInputType("x", floats(test.in, onnxio.Known(3)))
			p.SetInitializer(onnxio.NewTensor("w", []int64{3, 5}, make([]float32, 15)))
			p.SetInitializer(onnxio.NewTensor("v", []int64{5, 2}, make([]float32, 10)))
			node(p, "h", "MatMul", []string{"x", "w"})
			if test.in == test.out {
				node(p, "y", "MatMul", []string{"h", "v"})
			} else {
				node(p, "z", "MatMul", []string{"h", "v"})
				p.Add(onnxio.NodeSpec{Op: "ReduceMax", Inputs: []string{"z"}, Outputs: []string{"y"}, Attrs: []onnxio.Attr{onnxio.Ints("axes", 0)}})
			}
			p.SetOutputType("y", floats(test.out, onnxio.Known(2)))
		})
		if s, err := op.CountModel(m, nil); err != nil || s.MACs != test.macs {
			t.Errorf("%s: %d MACs, %v; want %d", name, s.MACs, err, test.macs)
		}
	}
}

// The integers of a quantised layer are its weights; its scales and zero
// points are not.
func TestCountQuantised(t *testing.T) {
	t.Parallel()
	m := graph(t, func(p *onnxio.Patch) {
		p.SetInputType("x", floats(onnxio.Symbol("N"), onnxio.Known(3)))
		p.SetInitializer(onnxio.NewTensor("q", []int64{3, 2}, make([]int8, 6)))
		p.SetInitializer(onnxio.NewTensor("scale", []int64{2}, make([]float32, 2)))
		p.SetInitializer(onnxio.NewTensor("zero", []int64{2}, make([]int8, 2)))
		p.Add(onnxio.NodeSpec{Op: "DequantizeLinear", Inputs: []string{"q", "scale", "zero"}, Outputs: []string{"w"}, Attrs: []onnxio.Attr{onnxio.Int("axis", 1)}})
		node(p, "y", "MatMul", []string{"x", "w"})
		p.SetOutputType("y", floats(onnxio.Symbol("N"), onnxio.Known(2)))
	})
	if s, err := op.CountModel(m, nil); err != nil || s.Parameters != 6 || s.MACs != 6 {
		t.Errorf("%d parameters and %d MACs, %v; want 6 and 6", s.Parameters, s.MACs, err)
	}
}
