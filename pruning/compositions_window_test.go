package pruning_test

import (
	"math"

	"github.com/prunefuse/prunefuse/onnxio"
)

// windowed are the compositions of transformers that attend within parts of
// a map.
var windowed = []composition{
	{name: "shifted windows", build: func(s *sketch) { s.shiftedWindows(2, 6) }, reshapes: true, mixed: []string{"LayerNormalization"}, want: []string{
		"12 [a.w:0 a.b:0 qkv.w:0 proj.w:1 proj.b:0 norm.scale:0 norm.shift:0 merge.w:0]", "6 [qkv.w:1 qkv.b:0 proj.w:0]", "10 [merge.w:1 logits.w:1]",
	}, pinned: map[string]string{"bias:1": "a block of a reshaped axis"}},
	{name: "shifted windows, many heads", build: func(s *sketch) { s.shiftedWindows(4, 3) }, reshapes: true, mixed: []string{"LayerNormalization"}, want: []string{
		"12 [a.w:0 a.b:0 qkv.w:0 proj.w:1 proj.b:0 norm.scale:0 norm.shift:0 merge.w:0]", "4 [qkv.w:1 qkv.b:0 bias:1 proj.w:0]", "10 [merge.w:1 logits.w:1]",
	}},
	{name: "window and grid partition", build: windowAndGrid, reshapes: true, want: []string{
		"12 [a.w:0 a.b:0 w.qkv.w:0 w.proj.w:1 w.proj.b:0 g.qkv.w:0 g.proj.w:1 g.proj.b:0 logits.w:1]",
		"4 [w.qkv.w:1 w.qkv.b:0 w.proj.w:0]", "4 [g.qkv.w:1 g.qkv.b:0 g.proj.w:0]",
	}},
}

// shiftedWindows rolls a map of 4×6 tokens, attends within windows of 2×2
// with a bias by relative position and a mask, rolls it back, and merges
// patches of 2×2.
func (s *sketch) shiftedWindows(heads, width int64) {
	s.in(3, 8, 12)
	s.op("Conv", "a", []string{"x", s.weight("a.w", 12, 3, 2, 2), s.weight("a.b", 12)}, onnxio.Ints("strides", 2, 2))
	s.transpose("map", "a", 0, 2, 3, 1)
	s.transpose("w6", s.reshape("windows", s.roll("rolled", "map", 1), -1, 2, 2, 3, 2, 12), 0, 1, 3, 2, 4, 5)
	s.linear("qkv", s.reshape("w", "w6", -6, 4, 12), 12, 3*heads*width)
	s.transpose("qkvt", s.reshape("qkv5", "qkv", -6, 4, 3, heads, width), 2, 0, 3, 1, 4)
	for i, part := range []string{"q", "k", "v"} {
		s.op("Gather", part, []string{"qkvt", s.constant(part+".at", onnxio.Scalar("", int64(i)))}, onnxio.Int("axis", 0))
	}
	s.op("MatMul", "qk", []string{s.mul("qs", "q", s.scalar("scale", 0.4)), s.transpose("kt", "k", 0, 1, 3, 2)})
	s.op("Gather", "rows", []string{s.weight("bias", 9, heads), s.numbers("pairs", 4, 3, 1, 0, 5, 4, 2, 1, 7, 6, 4, 3, 8, 7, 5, 4)}, onnxio.Int("axis", 0))
	s.op("Unsqueeze", "relative", []string{s.transpose("rowst", s.reshape("rows3", "rows", 4, 4, heads), 2, 0, 1), s.numbers("ahead", 0)})
	s.reshape("qk5", s.add("biased", "qk", "relative"), -1, 6, heads, 4, 4)
	s.reshape("masked", s.add("qkm", "qk5", s.constant("mask", s.random("", 1, 6, 1, 4, 4))), -6, heads, 4, 4)
	s.op("MatMul", "o", []string{s.op("Softmax", "weights", []string{"masked"}, onnxio.Int("axis", -1)), "v"})
	s.linear("proj", s.reshape("merged", s.transpose("ot", "o", 0, 2, 1, 3), -6, 4, heads*width), heads*width, 12)
	s.transpose("p6", s.reshape("pw", "proj", -1, 2, 3, 2, 2, 12), 0, 1, 3, 2, 4, 5)
	s.add("sum", "map", s.roll("back", s.reshape("pm", "p6", -1, 4, 6, 12), -1))
	s.mergePatches("sum")
}

// roll shifts a map of tokens along both sides.
func (s *sketch) roll(out, x string, by int64) string {
	for axis, name := range []string{out + ".down", out} {
		k := int64(axis + 1)
		x = s.concat(name, k, s.slice(name+".1", x, k, by, math.MaxInt64, 1), s.slice(name+".2", x, k, 0, by, 1))
	}
	return x
}

// mergePatches makes one token of every four, by strided slices.
func (s *sketch) mergePatches(x string) {
	var parts []string
	for i, at := range [][2]int64{{0, 0}, {1, 0}, {0, 1}, {1, 1}} {
		name := x + ".part" + string(rune('0'+i))
		parts = append(parts, s.slice(name, s.slice(name+".rows", x, 1, at[0], math.MaxInt64, 2), 2, at[1], math.MaxInt64, 2))
	}
	s.op("LayerNormalization", "norm", []string{s.concat("four", 3, parts...), s.positive("norm.scale", 48), s.weight("norm.shift", 48)}, onnxio.Int("axis", -1))
	s.op("MatMul", "merge", []string{"norm", s.weight("merge.w", 48, 10)})
	s.op("ReduceMean", "pooled", []string{"merge"}, onnxio.Ints("axes", 1, 2), onnxio.Int("keepdims", 0))
	s.gemm("logits", "pooled", 10, 3)
	s.out("logits", 3)
}

// windowAndGrid attends within blocks of a map of 4×6 and then across them.
func windowAndGrid(s *sketch) {
	s.in(3, 8, 12)
	s.op("Conv", "a", []string{"x", s.weight("a.w", 12, 3, 2, 2), s.weight("a.b", 12)}, onnxio.Ints("strides", 2, 2))
	attend := func(p, x string) string {
		s.transpose(p+".qkvt", s.reshape(p+".qkv5", s.linear(p+".qkv", x, 12, 36), -6, 4, 3, 4, 3), 2, 0, 3, 1, 4)
		for i, part := range []string{".q", ".k", ".v"} {
			s.op("Gather", p+part, []string{p + ".qkvt", s.constant(p+part+".at", onnxio.Scalar("", int64(i)))}, onnxio.Int("axis", 0))
		}
		s.attend(p+".o", p+".q", s.transpose(p+".kt", p+".k", 0, 1, 3, 2), p+".v", 3)
		return s.linear(p+".proj", s.reshape(p+".merged", s.transpose(p+".back", p+".o", 0, 2, 1, 3), -6, 4, 12), 12, 12)
	}
	s.transpose("w.6", s.reshape("w.in", "a", -1, 12, 2, 2, 3, 2), 0, 2, 4, 3, 5, 1)
	s.reshape("w.out", attend("w", s.reshape("w.rows", "w.6", -6, 4, 12)), -1, 2, 3, 2, 2, 12)
	s.add("sum", "a", s.reshape("w.map", s.transpose("w.t", "w.out", 0, 5, 1, 3, 2, 4), -1, 12, 4, 6))
	s.transpose("g.6", s.reshape("g.in", "sum", -1, 12, 2, 2, 2, 3), 0, 3, 5, 2, 4, 1)
	s.reshape("g.out", attend("g", s.reshape("g.rows", "g.6", -6, 4, 12)), -1, 2, 3, 2, 2, 12)
	s.head(s.add("sum2", "sum", s.reshape("g.map", s.transpose("g.t", "g.out", 0, 5, 3, 1, 4, 2), -1, 12, 4, 6)), 12)
}
