package pruning_test

import (
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/onnxpb"
)

// computed are the compositions whose weights are computed in the graph.
var computed = []composition{
	{name: "weights in the branch of a constant", build: func(s *sketch) {
		s.branching(func() string { return s.constant("yes", onnxio.Scalar("", true)) })
	}, want: branchGroups},
	{name: "weights in the branch of a count of channels", build: func(s *sketch) {
		s.branching(func() string {
			return s.op("Greater", "yes", []string{s.extent("n", "r", 1), s.constant("five", onnxio.Scalar("", int64(5)))})
		})
	}, want: branchGroups},
	{name: "weights in the branches of a choice", build: func(s *sketch) {
		s.branching(func() string {
			s.op("ReduceMax", "top", []string{"x"}, onnxio.Int("keepdims", 0))
			return s.op("Less", "yes", []string{"top", s.scalar("bound", 2)})
		})
	}, want: []string{"5 [b.w:0 a.w:1]"}, pinned: map[string]string{
		"a.w:0": `a subgraph of node "taken" (If) reads it`, "c.w:1": "a weight of its then_branch", "d.w:0": "a weight of its else_branch",
		"logits.w:1": `node "taken" (If): what enters or leaves a subgraph`,
	}, stays: `node "top" (ReduceMax) mixes the values of samples`},
	{name: "weight standardisation", build: weightStandardisation, mixed: []string{"ReduceMean"}, want: []string{
		"6 [a.w:0 c.w:1]", "8 [c.w:0 c.gain:0 logits.w:1]",
	}},
	{name: "weight standardisation by statistics", build: statisticalWeights, mixed: []string{"BatchNormalization", "InstanceNormalization"}, want: []string{
		"6 [a.w:0 c.w:1]", "8 [c.w:0 c.gain:0 c.zero:0 c.zero:0 c.one:0 logits.w:1]",
	}},
	{name: "weight norm", build: weightNorm, mixed: []string{"ReduceL2"}, want: []string{
		"6 [a.w:0 c.w:1]", "8 [c.w:0 c.gain:0 logits.w:1]",
	}},
	{name: "centred weights, divided", build: centredWeights, mixed: []string{"ReduceMean", "ReduceSumSquare"}, want: []string{
		"6 [a.w:0 c.w:1]", "8 [c.w:0 logits.w:1]",
	}},
}

// around is a net with a convolution of 6 channels to 8 between two others, whose
// kernel is made of the weight c.w by a part.
func (s *sketch) around(kernel func(w string) string) {
	s.in(3, 5, 4)
	s.relu("r", s.conv("a", "x", 3, 6, 3, 1))
	s.relu("cr", s.convOf("c", "r", []string{kernel(s.weight("c.w", 8, 6, 3, 3))}, 3, 1))
	s.head("cr", 8)
}

func weightStandardisation(s *sketch) {
	s.around(func(w string) string {
		mean := s.op("ReduceMean", "c.mean", []string{w}, onnxio.Ints("axes", 1, 2, 3))
		d := s.op("Sub", "c.centred", []string{w, mean})
		v := s.op("ReduceMean", "c.variance", []string{s.mul("c.square", d, d)}, onnxio.Ints("axes", 1, 2, 3))
		n := s.op("Div", "c.standard", []string{d, s.op("Sqrt", "c.deviation", []string{v})})
		return s.mul("c.kernel", n, s.weight("c.gain", 8, 1, 1, 1))
	})
}

// statisticalWeights standardises as some exporters write it: by a
// BatchNormalization in training mode over the kernel laid out as one sample.
func statisticalWeights(s *sketch) {
	s.around(func(w string) string {
		flat := s.op("Reshape", "c.flat", []string{w, s.numbers("c.to", 1, 8, -1)})
		ones := []float32{1, 1, 1, 1, 1, 1, 1, 1}
		s.p.SetInitializer(onnxio.NewTensor("c.one", []int64{8}, ones))
		s.p.SetInitializer(onnxio.NewTensor("c.zero", []int64{8}, make([]float32, 8)))
		s.p.Add(onnxio.NodeSpec{
			Op: "BatchNormalization", Name: "c.standard", Inputs: []string{flat, s.positive("c.gain", 8), "c.zero", "c.zero", "c.one"},
			Outputs: []string{"c.standard", "c.rm", "c.rv"}, Attrs: []onnxio.Attr{onnxio.Int("training_mode", 1)},
		})
		return s.op("Reshape", "c.kernel", []string{"c.standard", s.numbers("c.back", 8, -1, 3, 3)})
	})
}

func weightNorm(s *sketch) {
	s.around(func(w string) string {
		norm := s.op("ReduceL2", "c.norm", []string{w}, onnxio.Ints("axes", 1, 2, 3))
		return s.mul("c.kernel", s.op("Div", "c.unit", []string{w, norm}), s.weight("c.gain", 8, 1, 1, 1))
	})
}

func centredWeights(s *sketch) {
	s.around(func(w string) string {
		d := s.op("Sub", "c.centred", []string{w, s.op("ReduceMean", "c.mean", []string{w}, onnxio.Ints("axes", 1, 2, 3))})
		return s.op("Div", "c.kernel", []string{d, s.op("ReduceSumSquare", "c.size", []string{d}, onnxio.Ints("axes", 1, 2, 3))})
	})
}

// branchGroups have the weight of the branch taken under a name that is free in the
// graph around it.
var branchGroups = []string{"5 [b.w:0 a.w:1]", "6 [a.w:0 c.w_1:1]", "8 [c.w_1:0 logits.w:1]"}

// branching has an If of two convolutions with weights of their own.
func (s *sketch) branching(condition func() string) {
	s.in(3, 5, 4)
	s.relu("r", s.conv("a", s.conv("b", "x", 3, 5, 1, 1), 5, 6, 3, 1))
	yes := condition()
	branch := func(attr, w string) onnxio.Attr {
		b := newNet(s.t, 17)
		b.input("r", s.batch, 6, 5, 4)
		b.convOf(w+".out", "r", []string{b.weight(w, 8, 6, 3, 3)}, 3, 1)
		b.output(w+".out", s.batch, 8, 5, 4)
		return onnxio.Subgraph(attr, b.model())
	}
	s.op("If", "taken", []string{yes}, branch("then_branch", "c.w"), branch("else_branch", "d.w"))
	s.head("taken", 8)
	s.edit = func(pb *onnxpb.ModelProto) { // branches have no inputs: they read "r" from around them
		for _, n := range pb.GetGraph().GetNode() {
			for _, a := range n.GetAttribute() {
				if a.G != nil {
					a.G.Input = nil
				}
			}
		}
	}
}
