package op_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/models"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
)

// graph builds a model from a patch.
func graph(t *testing.T, build func(p *onnxio.Patch)) *onnxio.Model {
	t.Helper()
	m := onnxio.New("test")
	p := m.Graph.Edit()
	build(p)
	if err := p.Apply(); err != nil {
		t.Fatal(err)
	}
	return m
}

func node(p *onnxio.Patch, out, op string, in []string, attrs ...onnxio.Attr) {
	p.Add(onnxio.NodeSpec{Op: op, Inputs: in, Outputs: []string{out}, Attrs: attrs})
}

func floats(dims ...onnxio.Dim) onnxio.Type {
	return onnxio.Type{Elem: onnxio.Float32, Shape: dims}
}

func text(t *testing.T, m *onnxio.Model) string {
	t.Helper()
	var b bytes.Buffer
	if err := m.WriteText(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestUnsupported(t *testing.T) {
	t.Parallel()
	m := graph(t, func(p *onnxio.Patch) {
		p.SetInputType("x", floats(onnxio.Symbol("N"), onnxio.Known(4)))
		node(p, "y", "Frobnicate", []string{"x"})
		p.SetOutputType("y", floats(onnxio.Symbol("N"), onnxio.Known(4)))
	})
	f, err := op.InferGraph(m, op.InferOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Unknown) != 1 || f.Types["y"].String() != "float32[N,4]" {
		t.Errorf("unknown %v, y is %v; want the node and its declared type", f.Unknown, f.Types["y"])
	}
	a, err := op.NewAxes(f, m.Graph, m.Graph.Nodes()[0])
	if err != nil || len(a.Pins) != 4 {
		t.Errorf("%d of 4 axes pinned, error %v", len(a.Pins), err)
	}
	d := op.NewDerivative(op.NewEmit(onnxio.New("").Graph.Edit(), 17, ""), f, m.Graph)
	var unsupported *op.UnsupportedError
	if _, err := d.Forward(); !errors.As(err, &unsupported) || unsupported.Op != "Frobnicate" || unsupported.Opset != 17 {
		t.Errorf("forward: %v, want an UnsupportedError", err)
	}
	m.SetOpset("", 9)
	if _, err := op.Lift(m); !errors.As(err, &unsupported) || unsupported.Opset != 9 {
		t.Errorf("lift: %v, want an UnsupportedError", err)
	}
}

// TestNoGradientOnPath asks for a gradient through an operator without one.
func TestNoGradientOnPath(t *testing.T) {
	t.Parallel()
	m := graph(t, func(p *onnxio.Patch) {
		p.SetInputType("x", floats(onnxio.Known(1), onnxio.Known(5), onnxio.Known(1)))
		node(p, "y", "DFT", []string{"x"})
		p.SetOutputType("y", floats(onnxio.Known(1), onnxio.Known(5), onnxio.Known(2)))
	})
	f, err := op.InferGraph(m, op.InferOptions{})
	if err != nil {
		t.Fatal(err)
	}
	d := op.NewDerivative(op.NewEmit(onnxio.New("").Graph.Edit(), 17, ""), f, m.Graph)
	_, err = d.Backward(map[string]string{"y": "dy"}, []string{"x"})
	var unsupported *op.UnsupportedError
	if !errors.As(err, &unsupported) || unsupported.Facet != "gradient" || !strings.Contains(err.Error(), "not derived") {
		t.Errorf("error %v, want an UnsupportedError with the reason", err)
	}
}

// TestRuntimeReshape infers what PyTorch's x.view(x.size(0), -1) exports to.
func TestRuntimeReshape(t *testing.T) {
	t.Parallel()
	f, err := op.InferGraph(view(t), op.InferOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if got := f.Types["y"].String(); got != "float32[N,64]" {
		t.Errorf("y is %s, want float32[N,64]", got)
	}
}

func view(t *testing.T) *onnxio.Model {
	return graph(t, func(p *onnxio.Patch) {
		p.SetInputType("x", floats(onnxio.Symbol("N"), onnxio.Known(16), onnxio.Known(2), onnxio.Known(2)))
		node(p, "shape", "Shape", []string{"x"})
		node(p, "zero", "Constant", nil, onnxio.TensorValue("value", onnxio.Scalar("", int64(0))))
		node(p, "batch", "Gather", []string{"shape", "zero"}, onnxio.Int("axis", 0))
		p.SetInitializer(onnxio.NewTensor("axes", []int64{1}, []int64{0}))
		node(p, "batch1", "Unsqueeze", []string{"batch", "axes"})
		p.SetInitializer(onnxio.NewTensor("rest", []int64{1}, []int64{-1}))
		node(p, "target", "Concat", []string{"batch1", "rest"}, onnxio.Int("axis", 0))
		node(p, "y", "Reshape", []string{"x", "target"})
		p.SetOutputType("y", floats(onnxio.Symbol("N"), onnxio.Known(64)))
	})
}

func TestFold(t *testing.T) {
	t.Parallel()
	m := view(t)
	folded, err := op.Fold(m)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(folded.Graph.Nodes()); n != len(m.Graph.Nodes()) {
		t.Errorf("%d nodes with a free batch, want all %d", n, len(m.Graph.Nodes()))
	}
	p := m.Graph.Edit()
	p.SetInputType("x", floats(onnxio.Known(3), onnxio.Known(16), onnxio.Known(2), onnxio.Known(2)))
	if err := p.Apply(); err != nil {
		t.Fatal(err)
	}
	if folded, err = op.Fold(m); err != nil {
		t.Fatal(err)
	}
	if n := len(folded.Graph.Nodes()); n != len(m.Graph.Nodes()) {
		t.Errorf("%d nodes with a batch that the input alone fixes, want all %d", n, len(m.Graph.Nodes()))
	}
	p = m.Graph.Edit()
	p.SetInputType("z", floats(onnxio.Known(5))) // then x's first axis is no batch
	if err := p.Apply(); err != nil {
		t.Fatal(err)
	}
	if folded, err = op.Fold(m); err != nil {
		t.Fatal(err)
	}
	const want = `model ir=8 ai.onnx=17
graph "test"
  in  x: float32[3,16,2,2]
  in  z: float32[5]
  target = Constant{value=int64[2]#`
	if got := text(t, folded); !strings.HasPrefix(got, want) || len(folded.Graph.Nodes()) != 2 || len(folded.Graph.Initializers()) != 0 {
		t.Errorf("folded:\n%s\nwant a Reshape by a Constant", got)
	}
	if len(m.Graph.Nodes()) != 6 {
		t.Error("the model itself was changed")
	}
}

func TestFoldAliases(t *testing.T) {
	t.Parallel()
	m := graph(t, func(p *onnxio.Patch) {
		p.SetInputType("x", floats(onnxio.Symbol("N"), onnxio.Known(2)))
		p.SetInitializer(onnxio.NewTensor("w", []int64{2}, []float32{1, 2}))
		p.SetInitializer(onnxio.NewTensor("unused", []int64{2}, []float32{1, 2}))
		node(p, "alias", "Identity", []string{"w"})
		node(p, "again", "Identity", []string{"alias"})
		node(p, "y", "Mul", []string{"x", "again"})
		node(p, "dead", "Relu", []string{"y"})
		node(p, "kept", "Identity", []string{"w"})
		node(p, "size", "Shape", []string{"w"})
		p.SetOutputType("y", floats(onnxio.Symbol("N"), onnxio.Known(2)))
		p.SetOutputType("kept", floats(onnxio.Known(2)))
		p.SetOutputType("size", onnxio.Type{Elem: onnxio.Int64, Shape: onnxio.ShapeOf(1)})
	})
	folded, err := op.Fold(m)
	if err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, n := range folded.Graph.Nodes() {
		left = append(left, n.Output(0)+"="+n.Op()+"("+n.Input(0)+","+n.Input(1)+")")
	}
	slices.Sort(left)
	want := []string{"kept=Identity(w,)", "size=Shape(w,)", "y=Mul(x,w)"}
	if !slices.Equal(left, want) || len(folded.Graph.Initializers()) != 1 {
		t.Errorf("left %v and %d initializers, want %v and 1", left, len(folded.Graph.Initializers()), want)
	}
}

func TestCount(t *testing.T) {
	t.Parallel()
	m := graph(t, func(p *onnxio.Patch) {
		p.SetInputType("x", floats(onnxio.Symbol("N"), onnxio.Known(3), onnxio.Known(8), onnxio.Known(8)))
		p.SetInitializer(onnxio.NewTensor("w", []int64{4, 3, 3, 3}, make([]float32, 108)))
		p.SetInitializer(onnxio.NewTensor("b", []int64{4}, make([]float32, 4))) // bias, and shift of the normalization
		for _, s := range []string{"scale", "mean", "var"} {
			p.SetInitializer(onnxio.NewTensor(s, []int64{4}, make([]float32, 4)))
		}
		node(p, "conv", "Conv", []string{"x", "w", "b"})
		node(p, "alias", "Identity", []string{"b"})
		node(p, "bn", "BatchNormalization", []string{"conv", "scale", "alias", "mean", "var"})
		node(p, "six", "Constant", nil, onnxio.TensorValue("value", onnxio.Scalar("", float32(6))))
		node(p, "clip", "Clip", []string{"bn", "", "six"})
		node(p, "odd", "Frobnicate", []string{"clip"})
		p.SetOutputType("odd", floats(onnxio.Symbol("N")))
	})
	f, err := op.InferGraph(m, op.InferOptions{})
	if err != nil {
		t.Fatal(err)
	}
	s := op.Count(m, f)
	if s.Parameters != 108+4+4 || s.State != 8 || s.MACs != 6*6*4*27 || s.Nodes != 6 || s.ByOp["Conv"] != 1 {
		t.Errorf("%+v", s)
	}
	if len(s.Uncounted) != 1 || s.Uncounted[0].Op() != "Frobnicate" || len(s.PerNode) != 1 || s.PerNode[0].MACs != s.MACs {
		t.Errorf("uncounted %v, by node %v", s.Uncounted, s.PerNode)
	}
}

func TestBroadcast(t *testing.T) {
	t.Parallel()
	n, k := onnxio.Symbol("N"), onnxio.Known
	for _, c := range []struct{ a, b, want onnxio.Shape }{
		{onnxio.Shape{n, k(3)}, onnxio.Shape{k(3)}, onnxio.Shape{n, k(3)}},
		{onnxio.Shape{k(1)}, onnxio.Shape{n, k(3)}, onnxio.Shape{n, k(3)}},
		{onnxio.Shape{n, k(1)}, onnxio.Shape{k(1), k(4)}, onnxio.Shape{n, k(4)}},
		{onnxio.Shape{n}, onnxio.Shape{k(4)}, onnxio.Shape{k(4)}},
		{onnxio.Shape{}, onnxio.Shape{n}, onnxio.Shape{n}},
		{onnxio.Shape{k(0)}, onnxio.Shape{k(1)}, onnxio.Shape{k(0)}},
		{onnxio.Shape{k(2)}, onnxio.Shape{k(3)}, nil},
	} {
		got, err := op.Broadcast(c.a, c.b)
		if (err != nil) != (c.want == nil) || !got.Equal(c.want) {
			t.Errorf("%v with %v: %v, error %v; want %v", c.a, c.b, got, err, c.want)
		}
	}
}

// TestReshapeAxes checks which runs of axes the rule of Reshape matches, and
// what it refuses.
func TestReshapeAxes(t *testing.T) {
	t.Parallel()
	n, k := onnxio.Symbol("N"), onnxio.Known
	for _, c := range []struct {
		name   string
		in     onnxio.Shape
		target []int64
		links  int
		groups string
	}{
		{"flatten", onnxio.Shape{n, k(16), k(5), k(5)}, []int64{0, -1}, 1, "i1i2i3>o1"},
		{"split", onnxio.Shape{n, k(12), k(7)}, []int64{0, 3, 4, 7}, 2, "i1>o1o2"},
		{"ones", onnxio.Shape{n, k(8), k(1), k(1)}, []int64{-1, 8}, 2, ""},
		{"batch and channels merge", onnxio.Shape{n, k(8), k(3)}, []int64{-1, 3}, 1, "i0i1>o0"},
		{"across", onnxio.Shape{k(2), k(6), k(5)}, []int64{4, 3, 5}, 1, "i0i1>o0o1"},
		{"equal extents", onnxio.Shape{k(4), k(4), k(4)}, []int64{4, 16}, 1, "i1i2>o1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := graph(t, func(p *onnxio.Patch) {
				p.SetInputType("x", floats(c.in...))
				p.SetInitializer(onnxio.NewTensor("to", []int64{int64(len(c.target))}, c.target))
				node(p, "y", "Reshape", []string{"x", "to"})
				p.SetOutputType("y", onnxio.Type{Elem: onnxio.Float32})
			})
			f, err := op.InferGraph(m, op.InferOptions{})
			if err != nil {
				t.Fatal(err)
			}
			a, err := op.NewAxes(f, m.Graph, m.Graph.Nodes()[0])
			if err != nil {
				t.Fatal(err)
			}
			var groups strings.Builder
			for _, g := range a.Groups {
				for _, r := range g.From {
					groups.WriteString("i" + string(rune('0'+r.Axis)))
				}
				groups.WriteString(">")
				for _, r := range g.To {
					groups.WriteString("o" + string(rune('0'+r.Axis)))
				}
			}
			if len(a.Links) != c.links || groups.String() != c.groups {
				t.Errorf("%d links, groups %q; want %d, %q", len(a.Links), &groups, c.links, c.groups)
			}
		})
	}
}

// TestRuntimeExtents checks that a shape computed at run time is followed,
// whether its elements are numbers in the graph or read from a Shape.
func TestRuntimeExtents(t *testing.T) {
	t.Parallel()
	for _, literal := range []bool{false, true} {
		m := graph(t, func(p *onnxio.Patch) {
			p.SetInputType("x", floats(onnxio.Known(2), onnxio.Known(6), onnxio.Known(3)))
			node(p, "shape", "Shape", []string{"x"})
			p.SetInitializer(onnxio.NewTensor("one", []int64{1}, []int64{1}))
			p.SetInitializer(onnxio.NewTensor("zero", []int64{1}, []int64{0}))
			p.SetInitializer(onnxio.NewTensor("six", []int64{1}, []int64{6}))
			p.SetInitializer(onnxio.NewTensor("rest", []int64{1}, []int64{-1}))
			node(p, "batch", "Gather", []string{"shape", "zero"})
			channels := "six"
			if !literal {
				channels = "channels"
				node(p, channels, "Gather", []string{"shape", "one"})
			}
			node(p, "to", "Concat", []string{"batch", channels, "rest"}, onnxio.Int("axis", 0))
			node(p, "y", "Reshape", []string{"x", "to"})
			p.SetOutputType("y", onnxio.Type{Elem: onnxio.Float32})
		})
		f, err := op.InferGraph(m, op.InferOptions{})
		if err != nil {
			t.Fatal(err)
		}
		a, err := op.NewAxes(f, m.Graph, m.Graph.Producer("y"))
		if err != nil {
			t.Fatal(err)
		}
		follows := slices.Contains(a.Extents, op.Extent{Input: 1, Index: 1, Ref: op.Out(0, 1), Rest: true})
		pinned := slices.ContainsFunc(a.Pins, func(p op.Pin) bool { return p.Ref == op.Out(0, 1) })
		if !follows || pinned {
			t.Errorf("channels given as a number: %v, followed: %v, pinned: %v", literal, follows, pinned)
		}
	}
}

// TestCountNetworks counts networks whose sizes are published: ResNet-18 as
// torchvision states it and the pre-activation ResNet-56 of PruneFuse.
func TestCountNetworks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		arch                    string
		options                 models.Options
		parameters, state, macs int64
	}{
		{"resnet18", models.Options{}, 11_689_512, 9_600, 1_814_073_344},
		{"preresnet56", models.Options{}, 855_578, 4_064, 125_747_840},
	} {
		m, err := models.Build(c.arch, c.options)
		if err != nil {
			t.Fatal(err)
		}
		f, err := op.InferGraph(m, op.InferOptions{})
		if err != nil {
			t.Fatal(err)
		}
		s := op.Count(m, f)
		if s.Parameters != c.parameters || s.State != c.state || s.MACs != c.macs || len(s.Uncounted) > 0 {
			t.Errorf("%s: %d parameters, %d of state, %d MACs, %v uncounted; want %d, %d, %d",
				c.arch, s.Parameters, s.State, s.MACs, s.Uncounted, c.parameters, c.state, c.macs)
		}
	}
}

// TestLiftTrainingBatchNorm lifts a BatchNormalization as it was exported in
// training mode before opset 14, with five outputs.
func TestLiftTrainingBatchNorm(t *testing.T) {
	t.Parallel()
	for _, read := range []bool{false, true} {
		m := graph(t, func(p *onnxio.Patch) {
			p.SetInputType("x", floats(onnxio.Symbol("N"), onnxio.Known(2)))
			in := []string{"x"}
			for _, s := range []string{"scale", "shift", "mean", "var"} {
				p.SetInitializer(onnxio.NewTensor(s, []int64{2}, []float32{1, 1}))
				in = append(in, s)
			}
			p.Add(onnxio.NodeSpec{Op: "BatchNormalization", Inputs: in, Outputs: []string{"y", "m1", "v1", "m2", "v2"}})
			p.SetOutputType("y", floats(onnxio.Symbol("N"), onnxio.Known(2)))
			if read {
				p.SetOutputType("m1", floats(onnxio.Known(2)))
			}
		})
		m.SetOpset("", 9)
		lifted, err := op.Lift(m)
		switch {
		case read && err == nil:
			t.Error("a statistic that is read was dropped")
		case !read && err != nil:
			t.Error(err)
		case !read && len(lifted.Graph.Nodes()[0].Outputs()) != 1:
			t.Errorf("outputs %v, want one", lifted.Graph.Nodes()[0].Outputs())
		}
	}
}
