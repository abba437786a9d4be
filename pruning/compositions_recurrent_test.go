package pruning_test

import "github.com/prunefuse/prunefuse/onnxio"

// recurring are the compositions of networks that read sequences.
var recurring = []composition{
	{name: "text reader", build: textReader, reshapes: true, want: []string{
		// Both directions keep the same hidden indices, and so the matrix behind
		// them loses two columns for each.
		"8 [a.w:0 a.b:0 l1.w:2]", "5 [l1.w:1 l1.r:1 l1.r:2 l1.b:1 l2.w:2]", "4 [l2.w:1 l2.r:1 l2.r:2 l2.b:1 logits.w:0]",
	}, pinned: map[string]string{"l1.w:0": "one index for each direction", "logits.w:1": "LogSoftmax"}},
	{name: "last state of a gated unit", build: lastState, want: []string{
		"7 [f.w:1 f.b:0 g.w:2]", "5 [g.h:2 g.w:1 g.r:1 g.r:2 g.b:1 logits.w:1]",
	}, stays: `node "g" (GRU) reads "h0", which is for a batch of 2 alone`},
	{name: "residual recurrent layers", build: residualRecurrent, want: []string{
		"6 [a.w:0 r1.w:1 r1.w:2 r1.r:1 r1.r:2 r2.w:1 r2.w:2 r2.r:1 r2.r:2 r2.b:1 logits.w:1]",
	}},
}

// textReader turns columns of a map into steps, reads them in both directions
// twice and classifies each.
func textReader(s *sketch) {
	s.in(3, 4, 10)
	s.relu("ar", s.biased("a", "x", 3, 8, 3, 1))
	s.op("MaxPool", "p", []string{"ar"}, onnxio.Ints("kernel_shape", 4, 1))
	s.op("Squeeze", "columns", []string{"p", s.numbers("height", 2)})
	steps := s.transpose("steps", "columns", 2, 0, 1)
	steps = s.bidirectional("l1", steps, 8, 5)
	steps = s.bidirectional("l2", steps, 10, 4)
	s.transpose("first", steps, 1, 0, 2)
	s.add("scores", s.op("MatMul", "logits", []string{"first", s.weight("logits.w", 8, 7)}), s.weight("logits.b", 7))
	s.op("LogSoftmax", "probabilities", []string{"scores"}, onnxio.Int("axis", -1))
	s.out("probabilities", 10, 7)
}

// bidirectional is an LSTM over 10 steps whose directions stand side by side
// afterwards.
func (s *sketch) bidirectional(out, x string, from, hidden int64) string {
	s.op("LSTM", out, []string{x, s.weight(out+".w", 2, 4*hidden, from), s.weight(out+".r", 2, 4*hidden, hidden), s.weight(out+".b", 2, 8*hidden)},
		onnxio.Int("hidden_size", hidden), onnxio.Str("direction", "bidirectional"))
	return s.reshape(out+".y", s.transpose(out+".t", out, 0, 2, 1, 3), 10, -1, 2*hidden)
}

// lastState classifies by what a GRU with a learned first state ends on.
func lastState(s *sketch) {
	s.batch = 2
	s.in(9, 4)
	s.relu("fr", s.add("fs", s.op("MatMul", "f", []string{"x", s.weight("f.w", 4, 7)}), s.weight("f.b", 7)))
	s.transpose("steps", "fr", 1, 0, 2)
	s.op("Expand", "h0", []string{s.weight("g.h", 1, 1, 5), s.numbers("first", 1, 2, 5)})
	s.p.Add(onnxio.NodeSpec{Op: "GRU", Name: "g", Inputs: []string{
		"steps", s.weight("g.w", 1, 15, 7), s.weight("g.r", 1, 15, 5), s.weight("g.b", 1, 30), "", "h0",
	}, Outputs: []string{"", "last"}, Attrs: []onnxio.Attr{onnxio.Int("hidden_size", 5), onnxio.Int("linear_before_reset", 1)}})
	s.op("Squeeze", "state", []string{"last", s.numbers("direction", 0)})
	s.gemm("logits", "state", 5, 3)
	s.out("logits", 3)
}

// residualRecurrent adds what each layer gives to what it read.
func residualRecurrent(s *sketch) {
	s.in(3, 5, 9)
	s.op("ReduceMax", "rows", []string{s.conv("a", "x", 3, 6, 3, 1)}, onnxio.Ints("axes", 2), onnxio.Int("keepdims", 0))
	s.transpose("steps", "rows", 2, 0, 1)
	layer := func(op, out, x string, gates int64, more ...string) string {
		in := append([]string{x, s.weight(out+".w", 1, gates*6, 6), s.weight(out+".r", 1, gates*6, 6)}, more...)
		s.op(op, out, in, onnxio.Int("hidden_size", 6))
		return s.add(out+".sum", s.op("Squeeze", out+".y", []string{out, s.numbers(out+".direction", 1)}), x)
	}
	layer("RNN", "r1", "steps", 1)
	layer("LSTM", "r2", "r1.sum", 4, s.weight("r2.b", 1, 48))
	s.op("ReduceMean", "pooled", []string{"r2.sum"}, onnxio.Ints("axes", 0), onnxio.Int("keepdims", 0))
	s.gemm("logits", "pooled", 6, 3)
	s.out("logits", 3)
}
