package pruning_test

import "github.com/prunefuse/prunefuse/onnxio"

// computed are the compositions whose weights are computed in the graph.
var computed = []composition{
	{name: "channels written by their positions", build: scatteredChannels, want: []string{"8 [a.w:0 b.w:1]"}, pinned: map[string]string{"b.w:0": "ScatterND"}},
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

// scatteredChannels writes three channels in the place of others, as x[:, 2:5] = x[:, :3]
// does: the positions are a slice of a range up to the number of channels.
func scatteredChannels(s *sketch) {
	s.in(3, 4, 4)
	s.relu("ar", s.conv("a", "x", 3, 8, 1, 1))
	s.relu("br", s.conv("b", "ar", 8, 6, 1, 1))
	zero, one := s.constant("zero", onnxio.Scalar("", int64(0))), s.constant("one", onnxio.Scalar("", int64(1)))
	s.op("Range", "samples", []string{zero, s.extent("n", "br", 0), one})
	s.op("Range", "channels", []string{zero, s.extent("c", "br", 1), one})
	s.op("Reshape", "rows", []string{"samples", s.numbers("rows.to", -1, 1)})
	s.op("Shape", "grid", []string{s.add("both", "rows", s.slice("places", "channels", 0, 2, 5, 1))})
	last := s.numbers("last", -1)
	for _, x := range []string{"rows", "places"} {
		s.op("Unsqueeze", x+".at", []string{s.op("Expand", x+".all", []string{x, "grid"}), last})
	}
	s.op("ScatterND", "y", []string{"br", s.concat("at", 2, "rows.at", "places.at"), s.slice("moved", "br", 1, 0, 3, 1)})
	s.out("y", 6, 4, 4)
}
