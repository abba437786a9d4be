package pruning_test

import (
	"math"

	"github.com/prunefuse/prunefuse/onnxio"
)

// attentive are the compositions of transformers. Of the axes that a
// projection merges, heads and the channels of a head, the longer one is
// pruned.
var attentive = []composition{
	{
		name: "inverted bottleneck, channels last", build: func(s *sketch) { s.nextBlock(s.layerNorm) },
		mixed: []string{"LayerNormalization"}, want: nextGroups,
	},
	{
		name: "inverted bottleneck, norm in parts", build: func(s *sketch) { s.nextBlock(s.normInParts) },
		mixed: []string{"ReduceMean"}, want: nextGroups,
	},
	{name: "packed projection by Gather", build: func(s *sketch) {
		s.packed(2, 6, func(x string) {
			for i, part := range []string{"q", "k", "v"} {
				s.op("Gather", part, []string{x, s.constant(part+".at", onnxio.Scalar("", int64(i)))}, onnxio.Int("axis", 0))
			}
		})
	}, reshapes: true, want: packedGroups("6")},
	{name: "packed projection by Split", build: func(s *sketch) {
		s.packed(4, 3, func(x string) {
			s.p.Add(onnxio.NodeSpec{Op: "Split", Name: "parts", Inputs: []string{x}, Outputs: []string{"q1", "k1", "v1"}, Attrs: []onnxio.Attr{onnxio.Int("axis", 0)}})
			for _, part := range []string{"q", "k", "v"} {
				s.op("Squeeze", part, []string{part + "1", s.numbers(part+".at", 0)})
			}
		})
	}, reshapes: true, want: packedGroups("4")},
	{name: "extents and scale off Shape", build: shapedAttention, want: packedGroups("6")},
	{name: "packed projection, parts in a row", build: func(s *sketch) { s.partsInRow(2, 6) }, reshapes: true, want: []string{
		"12 [a.w:0 a.b:0 qkv.w:0 proj.w:1 proj.b:0 logits.w:1]", "6 [qkv.w:1 qkv.b:0]", "6 [qkv.w:1 qkv.b:0 proj.w:0]",
	}},
	{name: "packed projection, heads in a row", build: func(s *sketch) { s.partsInRow(4, 3) }, reshapes: true, want: packedGroups("4")},
	{name: "three projections", build: func(s *sketch) { s.separate(2, 6) }, reshapes: true, want: []string{
		"12 [a.w:0 a.b:0 q.w:0 k.w:0 v.w:0 proj.w:1 proj.b:0 logits.w:1]", "6 [q.w:1 q.b:0 k.w:1 k.b:0]", "6 [v.w:1 v.b:0 proj.w:0]",
	}},
	{name: "three projections, many heads", build: func(s *sketch) { s.separate(4, 3) }, reshapes: true, want: []string{
		"12 [a.w:0 a.b:0 q.w:0 k.w:0 v.w:0 proj.w:1 proj.b:0 logits.w:1]", "4 [q.w:1 q.b:0 k.w:1 k.b:0 v.w:1 v.b:0 proj.w:0]",
	}},
	{name: "sequence first", build: func(s *sketch) { s.sequenceFirst(2, 6) }, reshapes: true, want: []string{
		"12 [a.w:0 a.b:0 qkv.w:0 proj.w:0 proj.b:0 logits.w:1]", "6 [qkv.w:1 qkv.b:0 proj.w:1]",
	}},
	{name: "sequence first, many heads", build: func(s *sketch) { s.sequenceFirst(4, 3) }, reshapes: true, want: []string{
		"12 [a.w:0 a.b:0 qkv.w:0 proj.w:0 proj.b:0 logits.w:1]", "4 [qkv.w:1 qkv.b:0 proj.w:1]",
	}},
	{name: "class and distillation tokens", build: classTokens, want: []string{
		"12 [a.w:0 a.b:0 cls:2 dist:2 pos:2 f1.w:0 f2.w:1 f2.b:0 h1.w:1 h2.w:1]", "7 [f1.w:1 f1.b:0 f2.w:0]",
	}, reshapes: true},
	{name: "grouped queries", build: func(s *sketch) { s.groupedQueries(2, 2, 6) }, reshapes: true, want: []string{
		"12 [a.w:0 a.b:0 q.w:0 k.w:0 v.w:0 proj.w:1 proj.b:0 logits.w:1]", "6 [q.w:1 q.b:0 k.w:1 k.b:0]", "6 [v.w:1 v.b:0 proj.w:0]",
	}},
	{name: "grouped queries, many heads", build: func(s *sketch) { s.groupedQueries(5, 2, 3) }, reshapes: true, want: []string{
		"12 [a.w:0 a.b:0 q.w:0 k.w:0 v.w:0 proj.w:1 proj.b:0 logits.w:1]", "5 [q.w:1 q.b:0 k.w:1 k.b:0 v.w:1 v.b:0 proj.w:0]",
	}},
	{name: "embeddings", build: embeddings, mixed: []string{"LayerNormalization"}, want: []string{
		"12 [word:1 pos:1 type:1 norm.scale:0 norm.shift:0 f1.w:0]", "7 [f1.w:1 f1.b:0 logits.w:1]",
	}, pinned: map[string]string{"word:0": "positions computed at run time", "pos:0": "a constant position"}},
	{name: "attention across channels", build: func(s *sketch) { s.crossCovariance(4, 3) }, reshapes: true, want: []string{
		"12 [a.w:0 a.b:0 qkv.w:0 proj.w:1 proj.b:0 logits.w:1]", "4 [qkv.w:1 qkv.b:0 temperature:0 proj.w:0]",
	}},
	{name: "cosine attention", build: cosineAttention, reshapes: true, mixed: []string{"ReduceL2"}, want: []string{
		"12 [a.w:0 a.b:0 q.w:0 k.w:0 v.w:0 proj.w:1 proj.b:0 logits.w:1]", "6 [q.w:1 q.b:0 k.w:1 k.b:0]", "6 [v.w:1 v.b:0 proj.w:0]",
	}},
	{name: "norm over tokens in rows", build: rowNorm, reshapes: true, want: []string{
		"12 [a.w:0 a.b:0 f1.w:0 f2.w:1 " + bnOf("n2") + " logits.w:1]", "7 [f1.w:1 " + bnOf("n1") + " f2.w:0]",
	}},
	{name: "narrow keys and wide values", build: narrowKeys, reshapes: true, want: []string{
		"12 [a.w:0 a.b:0 qkv.w:0 proj.w:1 " + bnOf("pn") + " logits.w:1]", "4 [qkv.w:1 " + bnOf("qn") + "]", "5 [qkv.w:1 " + bnOf("qn") + " proj.w:0]",
	}},
}

// tokens makes 10 tokens of 12 channels of patches of the input.
func (s *sketch) tokens() string {
	s.patches()
	return s.transpose("tokens", s.reshape("a3", "a", -1, 12, 10), 0, 2, 1)
}

// patches is a map of 12 channels, of 2×5.
func (s *sketch) patches() string {
	s.in(3, 4, 10)
	return s.op("Conv", "a", []string{"x", s.weight("a.w", 12, 3, 2, 2), s.weight("a.b", 12)}, onnxio.Ints("strides", 2, 2))
}

// linear is a matrix product with a bias, as exporters write it.
func (s *sketch) linear(out, x string, from, to int64) string {
	return s.add(out, s.op("MatMul", out+".mm", []string{x, s.weight(out+".w", from, to)}), s.weight(out+".b", to))
}

// classify averages 10 tokens of 12 channels.
func (s *sketch) classify(x string) {
	s.op("ReduceMean", "pooled", []string{x}, onnxio.Ints("axes", 1), onnxio.Int("keepdims", 0))
	s.gemm("logits", "pooled", 12, 3)
	s.out("logits", 3)
}

// attend weighs v by the products of q and kt, whose last two axes are
// [tokens, channels] and [channels, tokens].
func (s *sketch) attend(out, q, kt, v string, width int64) string {
	s.mul(out+".scaled", s.op("MatMul", out+".qk", []string{q, kt}), s.scalar(out+".scale", 1/float32(math.Sqrt(float64(width)))))
	s.op("Softmax", out+".weights", []string{out + ".scaled"}, onnxio.Int("axis", -1))
	return s.op("MatMul", out, []string{out + ".weights", v})
}

// project merges the heads of [batch, heads, tokens, width] and adds what a
// matrix makes of them to the tokens x.
func (s *sketch) project(out, x, attended string, tokens, heads, width int64) string {
	merged := s.reshape(out+".merged", s.transpose(out+".back", attended, 0, 2, 1, 3), -1, tokens, heads*width)
	return s.add(out+".sum", x, s.linear(out, merged, heads*width, 12))
}

func packedGroups(size string) []string {
	return []string{"12 [a.w:0 a.b:0 qkv.w:0 proj.w:1 proj.b:0 logits.w:1]", size + " [qkv.w:1 qkv.b:0 proj.w:0]"}
}

var nextGroups = []string{
	"12 [a.w:0 a.b:0 d.w:0 d.b:0 norm.scale:0 norm.shift:0 f1.w:0 f2.w:1 f2.b:0 gamma:0 logits.w:1]", "7 [f1.w:1 f1.b:0 f2.w:0]",
}

// nextBlock is a depthwise convolution and two matrices with channels last,
// scaled by channel and added to the stream.
func (s *sketch) nextBlock(norm func(out, x string) string) {
	s.patches()
	s.biased("d", "a", 12, 12, 3, 12)
	f1 := s.linear("f1", norm("norm", s.transpose("last", "d", 0, 2, 3, 1)), 12, 7)
	s.mul("scaled", s.linear("f2", s.gelu("act", f1), 7, 12), s.weight("gamma", 12))
	s.head(s.add("sum", "a", s.transpose("first", "scaled", 0, 3, 1, 2)), 12)
}

func (s *sketch) layerNorm(out, x string) string {
	return s.op("LayerNormalization", out, []string{x, s.positive(out+".scale", 12), s.weight(out+".shift", 12)}, onnxio.Int("axis", -1), onnxio.Float("epsilon", 1e-3))
}

// normInParts is a LayerNormalization as it was exported before there was
// the operator.
func (s *sketch) normInParts(out, x string) string {
	mean := func(out, x string) string {
		return s.op("ReduceMean", out, []string{x}, onnxio.Ints("axes", -1), onnxio.Int("keepdims", 1))
	}
	s.op("Sub", out+".centred", []string{x, mean(out+".mean", x)})
	s.op("Pow", out+".square", []string{out + ".centred", s.scalar(out+".two", 2)})
	s.op("Sqrt", out+".dev", []string{s.add(out+".plus", mean(out+".var", out+".square"), s.scalar(out+".eps", 1e-3))})
	s.op("Div", out+".unit", []string{out + ".centred", out + ".dev"})
	return s.add(out, s.mul(out+".scaled", out+".unit", s.positive(out+".scale", 12)), s.weight(out+".shift", 12))
}

// gelu is Gelu in parts.
func (s *sketch) gelu(out, x string) string {
	s.op("Div", out+".div", []string{x, s.scalar(out+".root", math.Sqrt2)})
	s.op("Erf", out+".erf", []string{out + ".div"})
	s.mul(out+".mul", x, s.add(out+".one", out+".erf", s.scalar(out+".1", 1)))
	return s.mul(out, out+".mul", s.scalar(out+".half", 0.5))
}

// packed is attention whose projection is read as [3, batch, heads, tokens,
// width]; parts takes q, k and v of it.
func (s *sketch) packed(heads, width int64, parts func(x string)) {
	s.tokens()
	s.reshape("qkv5", s.linear("qkv", "tokens", 12, 3*heads*width), -1, 10, 3, heads, width)
	parts(s.transpose("qkvt", "qkv5", 2, 0, 3, 1, 4))
	s.attend("o", "q", s.transpose("kt", "k", 0, 1, 3, 2), "v", width)
	s.classify(s.project("proj", "tokens", "o", 10, heads, width))
}

// shapedAttention reads every extent, and the scale, off the shapes of what
// it reshapes, which must not drift with the cut.
func shapedAttention(s *sketch) {
	s.tokens()
	s.linear("qkv", "tokens", 12, 36)
	list := func(name string, x string, axes ...string) string {
		var parts []string
		for _, a := range axes {
			parts = append(parts, s.op("Unsqueeze", name+"."+a, []string{a, s.numbers(name+"."+a+".at", 0)}))
		}
		return s.op("Reshape", name, []string{x, s.concat(name+".to", 0, parts...)})
	}
	n, t, c := s.extent("n", "tokens", 0), s.extent("t", "tokens", 1), s.extent("c", "tokens", 2)
	heads := s.constant("heads", onnxio.Scalar("", int64(2)))
	d := s.op("Div", "d", []string{c, heads})
	s.transpose("qkvt", list("qkv5", "qkv", n, t, s.constant("three", onnxio.Scalar("", int64(3))), heads, d), 2, 0, 3, 1, 4)
	for i, part := range []string{"q", "k", "v"} {
		s.op("Gather", part, []string{"qkvt", s.constant(part+".at", onnxio.Scalar("", int64(i)))}, onnxio.Int("axis", 0))
	}
	width := s.op("Cast", "width", []string{s.extent("qd", "q", 3)}, onnxio.Int("to", int64(onnxio.Float32)))
	s.op("Div", "scaled", []string{
		s.op("MatMul", "qk", []string{"q", s.transpose("kt", "k", 0, 1, 3, 2)}), s.op("Sqrt", "root", []string{width}),
	})
	s.op("Softmax", "weights", []string{"scaled"}, onnxio.Int("axis", -1))
	s.op("MatMul", "o", []string{"weights", "v"})
	s.classify(s.add("sum", "tokens", s.linear("proj", list("merged", s.transpose("back", "o", 0, 2, 1, 3), n, t, c), 12, 12)))
}

// partsInRow splits the last axis of the projection into q, k and v.
func (s *sketch) partsInRow(heads, width int64) {
	s.tokens()
	s.p.Add(onnxio.NodeSpec{Op: "Split", Name: "parts", Inputs: []string{s.linear("qkv", "tokens", 12, 3*heads*width)}, Outputs: []string{"q", "k", "v"}, Attrs: []onnxio.Attr{onnxio.Int("axis", -1)}})
	s.attendSplit(heads, width)
}

// separate makes q, k and v by a matrix each.
func (s *sketch) separate(heads, width int64) {
	s.tokens()
	for _, part := range []string{"q", "k", "v"} {
		s.linear(part, "tokens", 12, heads*width)
	}
	s.attendSplit(heads, width)
}

// attendSplit reads q, k and v, [batch, tokens, heads·width] each.
func (s *sketch) attendSplit(heads, width int64) {
	for _, part := range []string{"q", "k", "v"} {
		s.transpose(part+"t", s.reshape(part+"4", part, -1, 10, heads, width), 0, 2, 1, 3)
	}
	s.attend("o", "qt", s.transpose("ktt", "kt", 0, 1, 3, 2), "vt", width)
	s.classify(s.project("proj", "tokens", "o", 10, heads, width))
}

// sequenceFirst has the tokens first and merges batch and heads in one axis.
func (s *sketch) sequenceFirst(heads, width int64) {
	s.tokens()
	s.transpose("steps", "tokens", 1, 0, 2)
	s.reshape("qkv4", s.linear("qkv", "steps", 12, 3*heads*width), 10, -1, 3, heads*width)
	s.op("Unsqueeze", "qkv5", []string{"qkv4", s.numbers("ahead", 0)})
	s.op("Squeeze", "qkvt", []string{s.transpose("qkvs", "qkv5", 3, 1, 2, 0, 4), s.numbers("behind", 3)})
	for i, part := range []string{"q", "k", "v"} {
		s.op("Gather", part, []string{"qkvt", s.constant(part+".at", onnxio.Scalar("", int64(i)))}, onnxio.Int("axis", 0))
		s.transpose(part+"t", s.reshape(part+"3", part, 10, -heads, width), 1, 0, 2)
	}
	s.attend("o", "qt", s.transpose("ktt", "kt", 0, 2, 1), "vt", width)
	s.reshape("rows", s.transpose("back", "o", 1, 0, 2), -10, heads*width)
	s.gemm("proj", "rows", heads*width, 12)
	s.classify(s.add("sum", "tokens", s.transpose("again", s.reshape("proj3", "proj", 10, -1, 12), 1, 0, 2)))
}

// classTokens puts two learned tokens before the others, adds positions, and
// classifies by the two.
func classTokens(s *sketch) {
	s.tokens()
	expand := func(name string) string {
		return s.op("Expand", name+".n", []string{s.weight(name, 1, 1, 12), s.batchOf(name+".to", 1, 12)})
	}
	s.add("all", s.concat("cat", 1, expand("cls"), expand("dist"), "tokens"), s.weight("pos", 1, 12, 12))
	s.add("sum", "all", s.linear("f2", s.gelu("act", s.linear("f1", "all", 12, 7)), 7, 12))
	for i, h := range []string{"h1", "h2"} {
		s.op("Gather", h+".token", []string{"sum", s.constant(h+".at", onnxio.Scalar("", int64(i)))}, onnxio.Int("axis", 1))
		s.gemm(h, h+".token", 12, 3)
	}
	s.op("Div", "logits", []string{s.add("both", "h1", "h2"), s.scalar("two", 2)})
	s.out("logits", 3)
}

// batchOf is a shape that begins with the batch, read off the input where it
// is free: no number stands for a free extent in an Expand.
func (s *sketch) batchOf(name string, dims ...int64) string {
	if s.batch > 0 {
		return s.sizes(name, append([]int64{-1}, dims...)...)
	}
	was := s.computed
	s.computed = true
	defer func() { s.computed = was }()
	return s.sizes(name, append([]int64{-1}, dims...)...)
}

// groupedQueries repeats each of kv heads of keys and values for several
// heads of queries.
func (s *sketch) groupedQueries(kv, repeats, width int64) {
	s.tokens()
	s.transpose("qt", s.reshape("q4", s.linear("q", "tokens", 12, kv*repeats*width), -1, 10, kv*repeats, width), 0, 2, 1, 3)
	for _, part := range []string{"k", "v"} {
		s.transpose(part+"t", s.reshape(part+"4", s.linear(part, "tokens", 12, kv*width), -1, 10, kv, width), 0, 2, 1, 3)
		s.op("Unsqueeze", part+"5", []string{part + "t", s.numbers(part+".at", 2)})
		s.op("Expand", part+"r", []string{part + "5", s.batchOf(part+".to", kv, repeats, 10, width)})
		s.reshape(part+"h", part+"r", -1, kv*repeats, 10, width)
	}
	s.attend("o", "qt", s.transpose("kht", "kh", 0, 1, 3, 2), "vh", width)
	s.classify(s.project("proj", "tokens", "o", 10, kv*repeats, width))
}

// embeddings adds up the rows of three tables: of words, of positions and of
// kinds.
func embeddings(s *sketch) {
	for _, name := range []string{"x", "kinds"} {
		in := shape(s.batch, 9)
		in.Elem = onnxio.Int64
		s.p.SetInputType(name, in)
	}
	s.op("Gather", "words", []string{s.weight("word", 5, 12), "x"})
	s.op("Gather", "positions", []string{s.weight("pos", 11, 12), s.constant("at", onnxio.NewTensor("", []int64{1, 9}, []int64{0, 1, 2, 3, 4, 5, 6, 7, 8}))})
	s.op("Gather", "types", []string{s.weight("type", 2, 12), "kinds"})
	s.layerNorm("norm", s.add("sum", s.add("wp", "words", "positions"), "types"))
	s.op("Tanh", "h", []string{s.linear("f1", "norm", 12, 7)})
	s.op("Gather", "first", []string{"h", s.constant("zero", onnxio.Scalar("", int64(0)))}, onnxio.Int("axis", 1))
	s.gemm("logits", "first", 7, 3)
	s.out("logits", 3)
}

// unit divides by the norm along the last axis, which is spread out first.
func (s *sketch) unit(out, x string) string {
	s.op("ReduceL2", out+".norm", []string{x}, onnxio.Ints("axes", -1), onnxio.Int("keepdims", 1))
	s.op("Clip", out+".least", []string{out + ".norm", s.scalar(out+".eps", 1e-6)})
	s.op("Shape", out+".shape", []string{x})
	return s.op("Div", out, []string{x, s.op("Expand", out+".wide", []string{out + ".least", out + ".shape"})})
}

// crossCovariance weighs channels by each other, over tokens: the channels of
// a head are under a Softmax and stay.
func (s *sketch) crossCovariance(heads, width int64) {
	s.tokens()
	s.transpose("qkvt", s.reshape("qkv5", s.linear("qkv", "tokens", 12, 3*heads*width), -1, 10, 3, heads, width), 2, 0, 3, 4, 1)
	for i, part := range []string{"q", "k", "v"} {
		s.op("Gather", part, []string{"qkvt", s.constant(part+".at", onnxio.Scalar("", int64(i)))}, onnxio.Int("axis", 0))
	}
	s.op("MatMul", "qk", []string{s.unit("qu", "q"), s.transpose("kt", s.unit("ku", "k"), 0, 1, 3, 2)})
	s.op("Softmax", "weights", []string{s.mul("scaled", "qk", s.weight("temperature", heads, 1, 1))}, onnxio.Int("axis", -1))
	s.transpose("back", s.op("MatMul", "o", []string{"weights", "v"}), 0, 3, 1, 2)
	s.classify(s.add("sum", "tokens", s.linear("proj", s.reshape("merged", "back", -1, 10, heads*width), heads*width, 12)))
}

// cosineAttention compares directions of queries and keys.
func cosineAttention(s *sketch) {
	s.tokens()
	for _, part := range []string{"q", "k", "v"} {
		s.transpose(part+"t", s.reshape(part+"4", s.linear(part, "tokens", 12, 12), -1, 10, 2, 6), 0, 2, 1, 3)
	}
	s.op("MatMul", "qk", []string{s.unit("qu", "qt"), s.transpose("kt2", s.unit("ku", "kt"), 0, 1, 3, 2)})
	s.mul("scaled", "qk", s.op("Exp", "factor", []string{s.weight("temperature", 2, 1, 1)}))
	s.op("MatMul", "o", []string{s.op("Softmax", "weights", []string{"scaled"}, onnxio.Int("axis", -1)), "vt"})
	s.classify(s.project("proj", "tokens", "o", 10, 2, 6))
}

// rowNorm normalises rows of all tokens of the batch.
func rowNorm(s *sketch) {
	s.tokens()
	normed := func(f, n, x string, from, to int64) string {
		s.op("MatMul", f, []string{x, s.weight(f+".w", from, to)})
		return s.reshape(n+".3", s.bn(n, s.reshape(n+".rows", f, -10, to), to), -1, 10, to)
	}
	h := normed("f1", "n1", "tokens", 12, 7)
	s.op("HardSwish", "h", []string{h})
	s.classify(s.add("sum", "tokens", normed("f2", "n2", "h", 7, 12)))
}

// narrowKeys splits the channels of each of 3 heads into a query and a key of
// 4 and a value of 5, with a bias for every pair of tokens.
func narrowKeys(s *sketch) {
	s.tokens()
	s.op("MatMul", "qkv", []string{"tokens", s.weight("qkv.w", 12, 39)})
	s.reshape("qkv4", s.bn("qn", s.reshape("rows", "qkv", -10, 39), 39), -1, 10, 3, 13)
	s.p.Add(onnxio.NodeSpec{Op: "Split", Name: "parts", Inputs: []string{"qkv4", s.numbers("sizes", 4, 4, 5)}, Outputs: []string{"q", "k", "v"}, Attrs: []onnxio.Attr{onnxio.Int("axis", 3)}})
	s.op("MatMul", "qk", []string{s.transpose("qt", "q", 0, 2, 1, 3), s.transpose("kt", "k", 0, 2, 3, 1)})
	s.add("biased", s.mul("scaled", "qk", s.scalar("scale", 0.5)), s.weight("pairs", 3, 10, 10))
	s.op("MatMul", "o", []string{s.op("Softmax", "weights", []string{"biased"}, onnxio.Int("axis", -1)), s.transpose("vt", "v", 0, 2, 1, 3)})
	s.op("HardSwish", "h", []string{s.reshape("merged", s.transpose("back", "o", 0, 2, 1, 3), -1, 10, 15)})
	s.op("MatMul", "proj", []string{"h", s.weight("proj.w", 15, 12)})
	s.classify(s.add("sum", "tokens", s.reshape("proj3", s.bn("pn", s.reshape("prows", "proj", -10, 12), 12), -1, 10, 12)))
}
