package op_test

import (
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
)

// single returns a model of one node that reads x and float constants of the
// given shapes, with the output's type as the file would state it.
func single(t *testing.T, opset int64, spec onnxio.NodeSpec, x, y onnxio.Shape, constants map[string][]int64) *onnxio.Model {
	t.Helper()
	m := onnxio.New("single")
	m.SetOpset("", opset)
	p := m.Graph.Edit()
	p.SetInputType("x", onnxio.Type{Elem: onnxio.Float32, Shape: x})
	p.SetOutputType("y", onnxio.Type{Elem: onnxio.Float32, Shape: y})
	for name, dims := range constants {
		n := int64(1)
		for _, d := range dims {
			n *= d
		}
		p.SetInitializer(onnxio.NewTensor(name, dims, make([]float32, n)))
	}
	spec.Outputs = []string{"y"}
	p.Add(spec)
	if err := p.Apply(); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestRefusedNodes(t *testing.T) {
	t.Parallel()
	image := onnxio.Shape{onnxio.Symbol("N"), onnxio.Symbol("C"), onnxio.Known(8), onnxio.Known(8)}
	for _, tc := range []struct {
		name, want string
		spec       onnxio.NodeSpec
		constants  map[string][]int64
	}{
		{
			"group 0", "group 0",
			onnxio.NodeSpec{Op: "Conv", Inputs: []string{"x", "w"}, Attrs: []onnxio.Attr{onnxio.Int("group", 0)}},
			map[string][]int64{"w": {4, 2, 3, 3}},
		},
		{
			"uneven group", "group 3",
			onnxio.NodeSpec{Op: "Conv", Inputs: []string{"x", "w"}, Attrs: []onnxio.Attr{onnxio.Int("group", 3)}},
			map[string][]int64{"w": {4, 2, 3, 3}},
		},
		{
			"scalar bias", "bias",
			onnxio.NodeSpec{Op: "Conv", Inputs: []string{"x", "w", "b"}},
			map[string][]int64{"w": {4, 2, 3, 3}, "b": {}},
		},
		{
			"scalar scale", `"s"`,
			onnxio.NodeSpec{Op: "BatchNormalization", Inputs: []string{"x", "s", "b", "b", "b"}},
			map[string][]int64{"s": {}, "b": {2}},
		},
		{
			"scale of too many axes", "broadcast",
			onnxio.NodeSpec{Op: "LayerNormalization", Inputs: []string{"x", "s"}},
			map[string][]int64{"s": {1, 1, 1, 1, 8}},
		},
		{
			"slope of another length", "broadcast",
			onnxio.NodeSpec{Op: "PRelu", Inputs: []string{"x", "s"}},
			map[string][]int64{"s": {5}},
		},
		{
			"no window", "size is 0",
			onnxio.NodeSpec{Op: "LRN", Inputs: []string{"x"}},
			nil,
		},
		{
			"no such norm", "want 1 or 2",
			onnxio.NodeSpec{Op: "LpNormalization", Inputs: []string{"x"}, Attrs: []onnxio.Attr{onnxio.Int("p", 3)}},
			nil,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			m := single(t, 17, tc.spec, image, nil, tc.constants)
			_, err := op.InferGraph(m, op.InferOptions{})
			if err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), tc.spec.Op) {
				t.Errorf("error %v, want one that names %s and %q", err, tc.spec.Op, tc.want)
			}
		})
	}
}

// What an open extent is in a Reshape is none in a Resize.
func TestNegativeExtent(t *testing.T) {
	t.Parallel()
	m := onnxio.New("resize")
	p := m.Graph.Edit()
	p.SetInputType("x", onnxio.Type{Elem: onnxio.Float32, Shape: onnxio.ShapeOf(1, 2, 4, 4)})
	p.SetInitializer(onnxio.NewTensor("sizes", []int64{4}, []int64{-1, 2, 8, 8}))
	p.Add(onnxio.NodeSpec{Op: "Resize", Inputs: []string{"x", "", "", "sizes"}, Outputs: []string{"y"}})
	p.SetOutputType("y", onnxio.Type{Elem: onnxio.Float32})
	if err := p.Apply(); err != nil {
		t.Fatal(err)
	}
	if _, err := op.InferGraph(m, op.InferOptions{}); err == nil || !strings.Contains(err.Error(), `(Resize): output "y" would have the shape [-1,2,8,8]`) {
		t.Errorf("error %v", err)
	}
}

func TestSqueezeOfUnknownAxesIsPinned(t *testing.T) {
	t.Parallel()
	x := onnxio.Shape{onnxio.Symbol("N"), onnxio.Known(5), onnxio.Known(1)}
	m := single(t, 17, onnxio.NodeSpec{Op: "Squeeze", Inputs: []string{"x"}}, x, onnxio.ShapeOf(3, 5), nil)
	f, err := op.InferGraph(m, op.InferOptions{})
	if err != nil {
		t.Fatal(err)
	}
	a, err := op.NewAxes(f, m.Graph, m.Graph.Nodes()[0])
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Links) != 0 || len(a.Pins) != 5 {
		t.Errorf("%d links and %d pins, want every axis pinned", len(a.Links), len(a.Pins))
	}
}

// Opset 6 broadcasts by attributes; read by the rules of opset 7 its Add
// would tie the wrong axes.
func TestOldOpsetIsUnknown(t *testing.T) {
	t.Parallel()
	spec := onnxio.NodeSpec{Op: "Add", Inputs: []string{"x", "b"}, Attrs: []onnxio.Attr{onnxio.Int("broadcast", 1), onnxio.Int("axis", 1)}}
	m := single(t, 6, spec, onnxio.ShapeOf(1, 8, 8, 8), nil, map[string][]int64{"b": {8}})
	f, err := op.InferGraph(m, op.InferOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Unknown) != 1 {
		t.Errorf("%d unknown nodes, want the Add", len(f.Unknown))
	}
}
