package scoring

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/ort"
	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
	"github.com/prunefuse/prunefuse/scoring/scoringtest"
)

// convNet is Conv 3×3, Relu, GlobalAveragePool, Flatten, Gemm, and Softmax
// where asked: 2 channels in, 3 features, 4 classes. A batch of 0 is free.
func convNet(t testing.TB, batch int64, softmax bool) *onnxio.Model {
	t.Helper()
	first := onnxio.Symbol("N")
	if batch > 0 {
		first = onnxio.Known(batch)
	}
	m := onnxio.New("net")
	rng := rand.New(rand.NewPCG(1, 1))
	weights := func(name string, dims ...int64) *onnxio.Tensor {
		n := int64(1)
		for _, d := range dims {
			n *= d
		}
		v := make([]float32, n)
		for i := range v {
			v[i] = float32(rng.NormFloat64())
		}
		return onnxio.NewTensor(name, dims, v)
	}
	p := m.Graph.Edit()
	p.SetInputType("image", onnxio.Type{Elem: onnxio.Float32, Shape: onnxio.Shape{first, onnxio.Known(2), onnxio.Known(5), onnxio.Known(5)}})
	p.SetInitializer(weights("conv.weight", 3, 2, 3, 3))
	p.SetInitializer(weights("fc.weight", 4, 3))
	p.SetInitializer(weights("fc.bias", 4))
	p.Add(onnxio.NodeSpec{Op: "Conv", Name: "conv", Inputs: []string{"image", "conv.weight"}, Outputs: []string{"c"}, Attrs: []onnxio.Attr{onnxio.Ints("pads", 1, 1, 1, 1)}})
	p.Add(onnxio.NodeSpec{Op: "Relu", Name: "relu", Inputs: []string{"c"}, Outputs: []string{"r"}})
	p.Add(onnxio.NodeSpec{Op: "GlobalAveragePool", Name: "gap", Inputs: []string{"r"}, Outputs: []string{"g"}})
	p.Add(onnxio.NodeSpec{Op: "Flatten", Name: "flat", Inputs: []string{"g"}, Outputs: []string{"f"}})
	p.Add(onnxio.NodeSpec{Op: "Gemm", Name: "fc", Inputs: []string{"f", "fc.weight", "fc.bias"}, Outputs: []string{"z"}, Attrs: []onnxio.Attr{onnxio.Int("transB", 1)}})
	out := "z"
	if softmax {
		out = "p"
		p.Add(onnxio.NodeSpec{Op: "Softmax", Name: "softmax", Inputs: []string{"z"}, Outputs: []string{out}, Attrs: []onnxio.Attr{onnxio.Int("axis", -1)}})
	}
	p.SetOutputType(out, onnxio.Type{Elem: onnxio.Float32, Shape: onnxio.Shape{first, onnxio.Known(4)}})
	if err := p.Apply(); err != nil {
		t.Fatal(err)
	}
	return m
}

func openModel(t *testing.T, m *onnxio.Model, o ModelOptions) *Model {
	t.Helper()
	orttest.Need(t)
	c, err := NewModel(context.Background(), m, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// last is the Gemm of convNet in float64.
func last(t *testing.T, m *onnxio.Model, features []float32) []float64 {
	t.Helper()
	w, err := m.Graph.Initializer("fc.weight").Floats()
	if err != nil {
		t.Fatal(err)
	}
	b, err := m.Graph.Initializer("fc.bias").Floats()
	if err != nil {
		t.Fatal(err)
	}
	z := make([]float64, 4)
	for k := range z {
		z[k] = float64(b[k])
		for d, v := range features {
			z[k] += float64(w[3*k+d]) * float64(v)
		}
	}
	return z
}

func TestModelScores(t *testing.T) {
	t.Parallel()
	pool := scoringtest.Pool{N: 45, Dims: []int{2, 5, 5}}
	net := convNet(t, 0, false)
	head, err := FindHead(net, "")
	if err != nil {
		t.Fatal(err)
	}
	free := openModel(t, net, ModelOptions{Features: head.Features})
	want := collect(t, free, pool, Options{Batch: 45, Features: true})
	for _, r := range want {
		z := last(t, net, r.Features)
		var row Row
		if err := row.SetLogits([]float32{float32(z[0]), float32(z[1]), float32(z[2]), float32(z[3])}); err != nil {
			t.Fatal(err)
		}
		for _, m := range measures[1:5] {
			if got, want := scoreOf(t, r, m.Name), m.Of(&row); math.Abs(got-want) > 1e-5 {
				t.Errorf("%s: %s is %g, want %g", r.ID, m.Name, got, want)
			}
		}
	}
	for _, batch := range []int64{0, 1, 8, 64} {
		for _, softmax := range []bool{false, true} {
			t.Run(fmt.Sprintf("batch %d softmax %t", batch, softmax), func(t *testing.T) {
				net := convNet(t, batch, softmax)
				head, err := FindHead(net, "")
				if err != nil || head.Probabilities != softmax {
					t.Fatalf("head %+v, %v", head, err)
				}
				c := openModel(t, net, ModelOptions{Features: head.Features})
				for _, features := range []bool{false, true} {
					got := collect(t, c, pool, Options{Batch: 20, Probabilities: softmax, Features: features})
					for i, r := range got {
						for name, v := range r.Scores.All() {
							if want := scoreOf(t, want[i], name); math.Abs(v-want) > 1e-6 {
								t.Errorf("%s: %s is %g, want %g", r.ID, name, v, want)
							}
						}
						if features != (r.Features != nil) {
							t.Errorf("%s: features %v", r.ID, r.Features)
						}
						for d, v := range r.Features {
							if math.Abs(float64(v-want[i].Features[d])) > 1e-6 {
								t.Errorf("%s: feature %d is %g, want %g", r.ID, d, v, want[i].Features[d])
							}
						}
					}
				}
			})
		}
	}
	if net.Graph.IsOutput(head.Features) {
		t.Error("opening the model changed it")
	}
}

func TestModelOpenExtents(t *testing.T) {
	t.Parallel()
	net := convNet(t, 0, false)
	edit := net.Graph.Edit()
	edit.SetInputType("image", onnxio.Type{Elem: onnxio.Float32, Shape: onnxio.Shape{
		onnxio.Symbol("N"), onnxio.Known(2), onnxio.Symbol("H"), onnxio.Symbol("W"),
	}})
	if err := edit.Apply(); err != nil {
		t.Fatal(err)
	}
	c := openModel(t, net, ModelOptions{Sample: []int{2, 9, 7}})
	if got := len(collect(t, c, scoringtest.Pool{N: 3, Dims: []int{2, 9, 7}}, Options{})); got != 3 {
		t.Errorf("%d records of 3", got)
	}
	for _, err := range Score(context.Background(), c, scoringtest.Pool{N: 3, Dims: []int{2, 7, 9}}, Options{}) {
		if err == nil || !strings.Contains(err.Error(), "2×7×9 but the model takes 2×9×7") {
			t.Errorf("error is %v", err)
		}
	}
	for _, sample := range [][]int{nil, {3, 9, 7}, {9, 7}} {
		if _, err := NewModel(context.Background(), net, ModelOptions{Sample: sample}); err == nil {
			t.Errorf("opened for samples of %v", sample)
		}
	}
}

func TestModelRefuses(t *testing.T) {
	t.Parallel()
	orttest.Need(t)
	edited := func(f func(*onnxio.Patch)) *onnxio.Model {
		m := convNet(t, 0, false)
		p := m.Graph.Edit()
		f(p)
		if err := p.Apply(); err != nil {
			t.Fatal(err)
		}
		return m
	}
	for name, c := range map[string]struct {
		model *onnxio.Model
		opts  ModelOptions
		says  string
	}{
		"two inputs": {edited(func(p *onnxio.Patch) {
			p.SetInputType("mask", onnxio.Type{Elem: onnxio.Float32, Shape: onnxio.ShapeOf(1, 1)})
		}), ModelOptions{}, "2 inputs"},
		"integer input": {edited(func(p *onnxio.Patch) {
			p.SetInputType("image", onnxio.Type{Elem: onnxio.Uint8, Shape: onnxio.ShapeOf(1, 2, 5, 5)})
		}), ModelOptions{}, `input "image" is uint8`},
		"a map for logits": {edited(func(p *onnxio.Patch) {
			p.SetOutputType("r", onnxio.Type{Elem: onnxio.Float32})
		}), ModelOptions{Logits: "r"}, "looks like maps of 3 channels"},
		"no such output":   {convNet(t, 0, false), ModelOptions{Logits: "scores"}, `"scores"`},
		"no such features": {convNet(t, 0, false), ModelOptions{Features: "nowhere"}, `"nowhere"`},
		"logits twice":     {convNet(t, 0, false), ModelOptions{Features: "z"}, `cannot be the logits`},
	} {
		_, err := NewModel(context.Background(), c.model, c.opts)
		if err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: error is %v", name, err)
		}
	}
	if _, err := OpenModel(context.Background(), "testdata/none.onnx", ModelOptions{}); err == nil || !strings.Contains(err.Error(), "none.onnx") {
		t.Errorf("error does not name the file: %v", err)
	}
}

func TestModelCancelled(t *testing.T) {
	t.Parallel()
	c := openModel(t, convNet(t, 0, false), ModelOptions{})
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	last := error(nil)
	for _, err := range Score(ctx, c, scoringtest.Pool{N: 100_000, Dims: []int{2, 5, 5}}, Options{Batch: 10, Progress: func(done, _ int) {
		if done == 50 {
			cancel()
		}
	}}) {
		last = err
	}
	if !errors.Is(last, context.Canceled) {
		t.Errorf("error is %v", last)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	err := c.Logits(context.Background(), make([]float32, 50), 1, make([]float32, 4), nil)
	if !errors.Is(err, ort.ErrClosed) {
		t.Errorf("after Close the error is %v", err)
	}
}

func TestFindHead(t *testing.T) {
	t.Parallel()
	type spec = onnxio.NodeSpec
	in := func(names ...string) []string { return names }
	for name, c := range map[string]struct {
		nodes []spec
		want  Head
		says  string
	}{
		"MatMul and bias": {[]spec{
			{Op: "MatMul", Inputs: in("h", "w"), Outputs: in("a")},
			{Op: "Add", Inputs: in("a", "b"), Outputs: in("y")},
		}, Head{"y", "h", false}, ""},
		"bias first": {[]spec{
			{Op: "MatMul", Inputs: in("h", "w"), Outputs: in("a")},
			{Op: "Add", Inputs: in("b", "a"), Outputs: in("s")},
			{Op: "Softmax", Inputs: in("s"), Outputs: in("y")},
		}, Head{"y", "h", true}, ""},
		"Conv and Flatten": {[]spec{
			{Op: "Conv", Inputs: in("h", "w"), Outputs: in("a")},
			{Op: "Flatten", Inputs: in("a"), Outputs: in("y")},
		}, Head{"y", "h", false}, ""},
		"log-probabilities": {[]spec{
			{Op: "Gemm", Inputs: in("h", "w"), Outputs: in("a")},
			{Op: "LogSoftmax", Inputs: in("a"), Outputs: in("y")},
		}, Head{"y", "h", false}, ""},
		"pooled map":     {[]spec{{Op: "GlobalAveragePool", Inputs: in("h"), Outputs: in("y")}}, Head{}, "GlobalAveragePool"},
		"two branches":   {[]spec{{Op: "Add", Inputs: in("h", "h"), Outputs: in("y")}}, Head{}, "Add"},
		"no weights":     {[]spec{{Op: "MatMul", Inputs: in("h", "h"), Outputs: in("y")}}, Head{}, "MatMul"},
		"an initializer": {[]spec{{Op: "Identity", Inputs: in("w"), Outputs: in("y")}}, Head{}, "does not begin with the batch"},
	} {
		m := onnxio.New("head")
		p := m.Graph.Edit()
		p.SetInputType("x", onnxio.Type{Elem: onnxio.Float32, Shape: onnxio.ShapeOf(1, 4)})
		p.SetInitializer(onnxio.NewTensor("w", []int64{4, 4}, make([]float32, 16)))
		p.SetInitializer(onnxio.NewTensor("b", []int64{4}, make([]float32, 4)))
		p.Add(spec{Op: "Relu", Inputs: in("x"), Outputs: in("h")})
		for _, n := range c.nodes {
			p.Add(n)
		}
		p.SetOutputType("y", onnxio.Type{Elem: onnxio.Float32})
		if err := p.Apply(); err != nil {
			t.Fatal(err)
		}
		got, err := FindHead(m, "")
		switch {
		case c.says == "" && (err != nil || got != c.want):
			t.Errorf("%s: got %+v, %v", name, got, err)
		case c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)):
			t.Errorf("%s: error is %v", name, err)
		}
	}
}
