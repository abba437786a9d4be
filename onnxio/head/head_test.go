package head_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/head"
)

// layered is a model over x [N,3,8,8] with a convolution to maps [N,6,8,8], their
// mean over the image, features [N,6], and a fully connected layer to logits
// [N,4]; what more it has is written by more, which gives the outputs.
func layered(t *testing.T, more func(b *builder)) *onnxio.Model {
	t.Helper()
	m := onnxio.New("net")
	m.SetOpset("", 17)
	m.SetOpset("ai.onnx.ml", 3)
	b := &builder{p: m.Graph.Edit()}
	b.p.SetInputType("x", floats(onnxio.Symbol("N"), onnxio.Known(3), onnxio.Known(8), onnxio.Known(8)))
	b.weight("w", 6, 3, 1, 1)
	b.weight("fc", 6, 4)
	b.weight("fc1", 6, 1)
	b.node("maps", "Conv", "x", "w")
	b.node("mean", "GlobalAveragePool", "maps")
	b.node("features", "Flatten", "mean")
	b.node("logits", "MatMul", "features", "fc")
	b.node("single", "MatMul", "features", "fc1")
	more(b)
	if err := b.p.Apply(); err != nil {
		t.Fatal(err)
	}
	return m
}

type builder struct{ p *onnxio.Patch }

func floats(dims ...onnxio.Dim) onnxio.Type {
	return onnxio.Type{Elem: onnxio.Float32, Shape: dims}
}

func (b *builder) weight(name string, dims ...int64) {
	n := int64(1)
	for _, d := range dims {
		n *= d
	}
	v := make([]float32, n)
	for i := range v {
		v[i] = float32(i%7) / 8
	}
	b.p.SetInitializer(onnxio.NewTensor(name, dims, v))
}

func (b *builder) node(out, op string, in ...string) { b.with(out, op, in) }

func (b *builder) with(out, op string, in []string, attrs ...onnxio.Attr) {
	b.p.Add(onnxio.NodeSpec{Op: op, Inputs: in, Outputs: []string{out}, Attrs: attrs})
}

func (b *builder) list(name string, v ...int64) string {
	b.p.SetInitializer(onnxio.NewTensor(name, []int64{int64(len(v))}, v))
	return name
}

// out makes values outputs; their types are left to inference.
func (b *builder) out(names ...string) {
	for _, n := range names {
		b.p.SetOutputType(n, onnxio.Type{Elem: onnxio.Float32})
	}
}

// TestFind is one row for each place and form in which class scores may stand.
func TestFind(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		more   func(b *builder)
		output string
		want   head.Head
		notes  bool
	}{
		{"logits", func(b *builder) { b.out("logits") }, "", head.Head{Output: "logits", Values: 4}, false},
		{"softmax", func(b *builder) { b.node("p", "Softmax", "logits"); b.out("p") }, "", head.Head{Output: "p", Values: 4, End: head.Softmax, Logits: "logits"}, false},
		{"logarithms", func(b *builder) { b.node("p", "LogSoftmax", "logits"); b.out("p") }, "", head.Head{Output: "p", Values: 4, End: head.LogSoftmax, Logits: "logits"}, false},
		{"multi-label", func(b *builder) { b.node("p", "Sigmoid", "logits"); b.out("p") }, "", head.Head{Output: "p", Values: 4, End: head.Sigmoid, Logits: "logits"}, false},
		{"one logit", func(b *builder) { b.out("single") }, "", head.Head{Output: "single", Values: 1}, true},
		{"one probability", func(b *builder) { b.node("p", "Sigmoid", "single"); b.out("p") }, "", head.Head{Output: "p", Values: 1, End: head.Sigmoid, Logits: "single"}, true},
		{"at one place", func(b *builder) { b.out("mean") }, "", head.Head{Output: "mean", Values: 6}, false},
		{"reshaped softmax", func(b *builder) {
			b.with("p", "Softmax", []string{"mean"}, onnxio.Int("axis", 1))
			b.node("q", "Flatten", "p")
			b.out("q")
		}, "", head.Head{Output: "q", Values: 6, End: head.Softmax, Logits: "mean"}, false},
		{"labels first", func(b *builder) {
			b.with("label", "ArgMax", []string{"logits"}, onnxio.Int("axis", 1), onnxio.Int("keepdims", 0))
			b.p.SetOutputType("label", onnxio.Type{Elem: onnxio.Int64})
			b.out("logits")
		}, "", head.Head{Output: "logits", Values: 4}, true},
		{"maps first", func(b *builder) { b.out("maps", "logits") }, "", head.Head{Output: "logits", Values: 4}, true},
		{"features first, softmax second", func(b *builder) {
			b.node("p", "Softmax", "logits")
			b.out("features", "p")
		}, "", head.Head{Output: "p", Values: 4, End: head.Softmax, Logits: "logits"}, true},
		{"named", func(b *builder) { b.out("features", "logits") }, "logits", head.Head{Output: "logits", Values: 4}, false},
		{"auxiliary", func(b *builder) { b.node("aux", "Neg", "logits"); b.out("logits", "aux") }, "", head.Head{Output: "logits", Values: 4}, true},
		{"scikit-learn", func(b *builder) {
			b.p.Add(onnxio.NodeSpec{
				Op: "LinearClassifier", Domain: "ai.onnx.ml", Inputs: []string{"features"}, Outputs: []string{"label", "probs"},
				Attrs: []onnxio.Attr{onnxio.Str("post_transform", "SOFTMAX")},
			})
			b.p.SetOutputType("label", onnxio.Type{Elem: onnxio.String, Shape: onnxio.Shape{onnxio.Symbol("N")}})
			b.p.SetOutputType("probs", floats(onnxio.Symbol("N"), onnxio.Known(3)))
		}, "", head.Head{Output: "probs", Values: 3, End: head.Softmax}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m := layered(t, c.more)
			got, err := head.Find(m, c.output)
			if err != nil {
				t.Fatal(err)
			}
			if c.want.Logits == "" {
				c.want.Logits = c.want.Output
			}
			if got.Output != c.want.Output || got.Values != c.want.Values || got.End != c.want.End || got.Logits != c.want.Logits {
				t.Errorf("got %q of %d values, end %q before %q; want %q of %d, %q before %q",
					got.Output, got.Values, got.End, got.Logits, c.want.Output, c.want.Values, c.want.End, c.want.Logits)
			}
			if (got.Note != "") != (c.notes && c.output == "") {
				t.Errorf("note %q", got.Note)
			}
			if n := head.Classes(m, c.output); n != max(c.want.Values, 2) {
				t.Errorf("%d classes", n)
			}
		})
	}
}

// TestFindRefuses is one row for each kind of output that is no class scores.
func TestFindRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		more   func(b *builder)
		output string
		want   string
	}{
		{"boxes", func(b *builder) {
			b.node("boxes", "Reshape", "maps", b.list("to", 0, -1, 4))
			b.out("boxes")
		}, "", "96 boxes, tokens or steps of 4 values each"},
		{"anchors", func(b *builder) {
			b.with("turned", "Transpose", []string{"maps"}, onnxio.Ints("perm", 0, 2, 3, 1))
			b.node("flat", "Reshape", "turned", b.list("to", 0, -1, 1))
			b.node("p", "Sigmoid", "flat")
			b.out("p")
		}, "", "64 places of the input"},
		{"flat anchors of two scales", func(b *builder) {
			b.node("a", "Flatten", "maps")
			b.node("b", "Flatten", "mean")
			b.with("all", "Concat", []string{"b", "a"}, onnxio.Int("axis", 1))
			b.out("all")
		}, "", "64 places of the input"},
		{"segmentation", func(b *builder) { b.out("maps") }, "", "maps of 6 channels"},
		{"labels alone", func(b *builder) {
			b.with("label", "ArgMax", []string{"logits"}, onnxio.Int("axis", 1))
			b.p.SetOutputType("label", onnxio.Type{Elem: onnxio.Int64})
		}, "", "answers themselves"},
		{"a number a sample", func(b *builder) {
			b.node("y", "Squeeze", "single", b.list("axes", 1))
			b.out("y")
		}, "", "a single number a sample"},
		{"one number", func(b *builder) {
			b.with("y", "ReduceMean", []string{"logits"}, onnxio.Int("keepdims", 0))
			b.out("y")
		}, "", "one number for all samples"},
		{"several widths", func(b *builder) { b.out("features", "logits") }, "", `name one (--head)`},
		{"several outputs without class scores", func(b *builder) {
			b.node("boxes", "Reshape", "maps", b.list("to", 0, -1, 4))
			b.out("boxes", "maps")
		}, "", "none of the model's 2 outputs has class scores"},
		{"softmax over the batch", func(b *builder) {
			b.with("p", "Softmax", []string{"logits"}, onnxio.Int("axis", 0))
			b.out("p")
		}, "", "is over axis 0"},
		{"softmax of one", func(b *builder) { b.node("p", "Softmax", "single"); b.out("p") }, "", "always the same"},
		{"no such output", func(b *builder) { b.out("logits") }, "scores", `no output "scores"; its outputs are "logits"`},
		{"a map by name", func(b *builder) { b.out("logits", "maps") }, "maps", "maps of 6 channels"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m := layered(t, c.more)
			if _, err := head.Find(m, c.output); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q in it", err, c.want)
			}
			if n := head.Classes(m, c.output); n != 0 {
				t.Errorf("%d classes", n)
			}
		})
	}
}

// TestFindOfOthers looks at networks that others exported, where they lie
// beside the repository.
func TestFindOfOthers(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]string{
		"yolox-nano": "", "ultraface-rfb-320": "", "yunet-n-640": "", "unet-upsample-small": "", "fns-la-muse": "", "ppocr-v2-det": "",
		"resnet20-cifar10": "208", "squeezenet-fp16": "softmaxout_1", "magika-v3-3": "target_label", "vit-pgd-2-3-16-cifar10": "output",
		"shufflenet-v2-int8": "output", "minifasnet-v1se": "output", "speech-recog-squeezenet": "output",
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			paths, err := filepath.Glob(filepath.Join("..", "..", "..", "shared", "models", file+".onnx"))
			if err != nil || len(paths) == 0 {
				t.Skip("the networks of others do not lie beside the repository")
			}
			m, err := onnxio.Load(paths[0])
			if err != nil {
				t.Fatal(err)
			}
			h, err := head.Find(m, "")
			if (err == nil) != (want != "") || h.Output != want {
				t.Errorf("output %q, error %v; want %q", h.Output, err, want)
			}
		})
	}
}
