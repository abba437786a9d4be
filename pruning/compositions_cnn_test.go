package pruning_test

import (
	"math"

	"github.com/prunefuse/prunefuse/onnxio"
)

// convolutional are the compositions of image classifiers.
var convolutional = []composition{
	{name: "residual chain", build: residualChain, want: []string{
		"8 [a.w:0 " + bnOf("an") + " c1.w:1 c2.w:0 c2.b:0 d1.w:1 d2.w:0 d2.b:0 e1.w:1 s.w:1]",
		"6 [c1.w:0 c1.b:0 c2.w:1]", "5 [d1.w:0 d1.b:0 d2.w:1]", "7 [e1.w:0 e2.w:1]",
		"10 [e2.w:0 e2.b:0 s.w:0 " + bnOf("sn") + " logits.w:1]",
	}},
	{name: "pre-activation", build: preActivation, want: []string{
		"8 [a.w:0 " + bnOf("n1") + " c1.w:1 c2.w:0 " + bnOf("n3") + " logits.w:1]",
		"6 [c1.w:0 " + bnOf("n2") + " c2.w:1]",
	}},
	{name: "dense connections", build: denseConnections, want: []string{
		"8 [a.w:0 " + bnOf("n1") + " b1.w:1 " + bnOf("n3") + " b2.w:1 " + bnOf("n5") + " logits.w:1]",
		"10 [b1.w:0 " + bnOf("n2") + " c1.w:1]",
		"4 [c1.w:0 " + bnOf("n3") + " b2.w:1 " + bnOf("n5") + " logits.w:1]",
		"7 [b2.w:0 " + bnOf("n4") + " c2.w:1]",
		"5 [c2.w:0 " + bnOf("n5") + " logits.w:1]",
	}},
	{name: "inverted residual with excitation", build: invertedResidual, want: []string{
		"8 [a.w:0 e.w:1 p.w:0 logits.w:1]",
		"12 [e.w:0 " + bnOf("en") + " d.w:0 d.b:0 s1.w:1 s2.w:0 s2.b:0 p.w:1]",
		"5 [s1.w:0 s1.b:0 s2.w:1]",
	}},
	{name: "excitation by matrices", build: matrixExcitation, reshapes: true, want: []string{
		"8 [a.w:0 s1.w:1 s2.w:0 s2.b:0 logits.w:1]", "5 [s1.w:0 s1.b:0 s2.w:1]",
	}},
	{name: "grouped bottleneck", build: groupedBottleneck, want: []string{
		// Of 3 groups of 4, each loses the same local channels.
		"8 [a.w:0 r.w:1 e.w:0 logits.w:1]", "4 [r.w:0 g.w:1]", "4 [g.w:0 " + bnOf("gn") + " e.w:1]",
	}},
	{name: "inception", build: inception, want: []string{
		"8 [a.w:0 b1.w:1 b2.w:1 b4.w:1]", "4 [b1.w:0 b1.b:0 y.w:1]", "5 [b2.w:0 b2.b:0 b3.w:1]",
		"6 [b3.w:0 b3.b:0 y.w:1]", "3 [b4.w:0 b4.b:0 y.w:1]", "7 [y.w:0 logits.w:1]",
	}},
	{name: "cross-stage halves by Split", build: func(s *sketch) {
		s.crossStage(func() { s.split([]string{"c"}, "h1", "h2") })
	}, want: crossStageGroups},
	{name: "cross-stage halves by Slice", build: func(s *sketch) {
		s.crossStage(func() {
			s.slice("h1", "c", 1, 0, 6, 1)
			s.slice("h2", "c", 1, 6, math.MaxInt64, 1)
		})
	}, want: crossStageGroups},
	{name: "aggregated layers", build: aggregatedLayers, want: []string{
		"8 [a.w:0 b1.w:1 b2.w:1]", "6 [b1.w:0 y.w:1]", "5 [b2.w:0 b3.w:1 y.w:1]", "4 [b3.w:0 b4.w:1]", "7 [b4.w:0 y.w:1]", "9 [y.w:0 logits.w:1]",
	}},
	{name: "ghost", build: ghost, want: []string{
		"8 [a.w:0 p.w:1]", "6 [p.w:0 d.w:0 y.w:1]", "7 [y.w:0 logits.w:1]",
	}},
	{name: "hierarchical splits", build: hierarchicalSplits, want: []string{
		"8 [a.w:0 c.w:1 e.w:0 logits.w:1]", "4 [c.w:0 y1.w:1]", "4 [c.w:0 y1.w:0 y2.w:1 e.w:1]", "4 [c.w:0 e.w:1]", "4 [y2.w:0 e.w:1]",
	}},
	{name: "shuffled units", build: func(s *sketch) {
		s.shuffledUnits(func(out, x string) {
			s.op("Gather", out, []string{x, s.numbers(out+".order", 0, 4, 1, 5, 2, 6, 3, 7)}, onnxio.Int("axis", 1))
		})
	}, want: shuffledGroups},
	{name: "units shuffled by Reshape", build: func(s *sketch) {
		s.shuffledUnits(func(out, x string) {
			s.reshape(out+".5", x, -1, 2, 4, 5, 6)
			s.reshape(out, s.transpose(out+".t", out+".5", 0, 2, 1, 3, 4), -1, 8, 5, 6)
		})
	}, want: shuffledGroups, reshapes: true},
	{name: "depth to space, depth first", build: func(s *sketch) {
		s.depthToSpace(func() { s.op("DepthToSpace", "u", []string{"c"}, onnxio.Int("blocksize", 2)) })
	}, want: depthToSpaceGroups},
	{name: "depth to space, column first", build: func(s *sketch) {
		s.depthToSpace(func() {
			s.op("DepthToSpace", "u", []string{"c"}, onnxio.Int("blocksize", 2), onnxio.Str("mode", "CRD"))
		})
	}, want: depthToSpaceGroups},
	{name: "pixel shuffle", build: func(s *sketch) {
		s.depthToSpace(func() {
			s.reshape("c6", "c", -1, 3, 2, 2, 5, 6)
			s.transpose("ct", "c6", 0, 1, 4, 2, 5, 3)
			s.reshape("u", "ct", -1, 3, 10, 12)
		})
	}, want: depthToSpaceGroups, reshapes: true},
	{name: "space to depth", build: spaceToDepth, reshapes: true, want: []string{
		"8 [a.w:0 y.w:1]", "5 [y.w:0 z.w:1]", "7 [z.w:0 logits.w:1]",
	}},
	{name: "flattened maps", build: flattenedMaps, reshapes: true, want: []string{
		"8 [a.w:0 a.b:0 f1.w:1]", "9 [f1.w:0 f1.b:0 logits.w:1]",
	}},
	{name: "flattened maps of channels last", build: flattenedLast, reshapes: true, want: []string{
		"8 [a.w:0 a.b:0 f1.w:1]", "9 [f1.w:0 f1.b:0 logits.w:1]",
	}},
	{name: "padded shortcut", build: paddedShortcut, want: []string{
		"8 [a.w:0 c1.w:1 c2.w:0 logits.w:1]", "7 [c1.w:0 c2.w:1]", "4 [c2.w:0 logits.w:1]",
	}},
	{name: "reparameterised branches", build: reparameterised, want: []string{
		"8 [a.w:0 a.b:0 c.w:1]", "6 [c.w:0 c.b:0 logits.w:1]",
	}},
	{name: "standardised weights", build: standardisedWeights, mixed: []string{"ReduceMean"}, want: []string{
		"8 [a.w:0 c.w:1]", "6 [c.w:0 c.gain:0 logits.w:1]",
	}},
	{name: "channels last", build: channelsLast, want: []string{
		"8 [a.w:0 a.b:0 c.w:0 c.b:0 y.w:1]", "6 [y.w:0 y.b:0 logits.w:1]",
	}},
}

// residualChain is a stage of two blocks with identity shortcuts and one with
// a projected shortcut behind it.
func residualChain(s *sketch) {
	s.in(3, 6, 10)
	s.bn("an", s.conv("a", "x", 3, 8, 3, 1), 8)
	s.biased("c2", s.relu("c1r", s.biased("c1", "an", 8, 6, 3, 1)), 6, 8, 3, 1)
	s.relu("cr", s.add("cs", "c2", "an"))
	s.biased("d2", s.relu("d1r", s.biased("d1", "cr", 8, 5, 3, 1)), 5, 8, 3, 1)
	s.relu("dr", s.add("ds", "cr", "d2"))
	s.biased("e2", s.relu("e1r", s.strided("e1", "dr", 8, 7)), 7, 10, 3, 1)
	s.bn("sn", s.strided("s", "dr", 8, 10), 10)
	s.head(s.add("es", "e2", "sn"), 10)
}

func preActivation(s *sketch) {
	s.in(3, 5, 6)
	s.conv("a", "x", 3, 8, 3, 1)
	s.conv("c1", s.relu("r1", s.bn("n1", "a", 8)), 8, 6, 3, 1)
	s.conv("c2", s.relu("r2", s.bn("n2", "c1", 6)), 6, 8, 3, 1)
	s.head(s.relu("r3", s.bn("n3", s.add("sum", "a", "c2"), 8)), 8)
}

func denseConnections(s *sketch) {
	s.in(3, 5, 6)
	s.conv("a", "x", 3, 8, 3, 1)
	s.conv("b1", s.relu("r1", s.bn("n1", "a", 8)), 8, 10, 1, 1)
	s.conv("c1", s.relu("r2", s.bn("n2", "b1", 10)), 10, 4, 3, 1)
	s.concat("cat1", 1, "a", "c1")
	s.conv("b2", s.relu("r3", s.bn("n3", "cat1", 12)), 12, 7, 1, 1)
	s.conv("c2", s.relu("r4", s.bn("n4", "b2", 7)), 7, 5, 3, 1)
	s.concat("cat2", 1, "cat1", "c2")
	s.head(s.relu("r5", s.bn("n5", "cat2", 17)), 17)
}

func invertedResidual(s *sketch) {
	s.in(3, 5, 6)
	s.conv("a", "x", 3, 8, 3, 1)
	s.op("HardSwish", "eh", []string{s.bn("en", s.conv("e", "a", 8, 12, 1, 1), 12)})
	s.biased("d", "eh", 12, 12, 3, 12)
	s.op("GlobalAveragePool", "g", []string{"d"})
	s.biased("s2", s.relu("s1r", s.biased("s1", "g", 12, 5, 1, 1)), 5, 12, 1, 1)
	s.op("HardSigmoid", "gate", []string{"s2"})
	s.conv("p", s.mul("scaled", "d", "gate"), 12, 8, 1, 1)
	s.head(s.add("sum", "a", "p"), 8)
}

// matrixExcitation takes the gate through rank 2 and back.
func matrixExcitation(s *sketch) {
	s.in(3, 5, 6)
	s.conv("a", "x", 3, 8, 3, 1)
	s.op("ReduceMean", "g", []string{"a"}, onnxio.Ints("axes", 2, 3), onnxio.Int("keepdims", 1))
	s.reshape("gf", "g", -1, 8)
	s.gemm("s2", s.relu("s1r", s.gemm("s1", "gf", 8, 5)), 5, 8)
	s.op("Sigmoid", "sg", []string{"s2"})
	s.reshape("gate", "sg", -1, 8, 1, 1)
	s.head(s.mul("scaled", "a", "gate"), 8)
}

func groupedBottleneck(s *sketch) {
	s.in(3, 5, 6)
	s.conv("a", "x", 3, 8, 3, 1)
	s.relu("rr", s.conv("r", "a", 8, 12, 1, 1))
	s.relu("gr", s.bn("gn", s.conv("g", "rr", 12, 12, 3, 3), 12))
	s.head(s.add("sum", s.conv("e", "gr", 12, 8, 1, 1), "a"), 8)
}

func inception(s *sketch) {
	s.in(3, 5, 6)
	s.conv("a", "x", 3, 8, 3, 1)
	s.relu("b1r", s.biased("b1", "a", 8, 4, 1, 1))
	s.relu("b2r", s.biased("b2", "a", 8, 5, 1, 1))
	s.relu("b3r", s.biased("b3", "b2r", 5, 6, 3, 1))
	s.op("AveragePool", "p", []string{"a"}, onnxio.Ints("kernel_shape", 3, 3), onnxio.Ints("pads", 1, 1, 1, 1), onnxio.Int("count_include_pad", 1))
	s.relu("b4r", s.biased("b4", "p", 8, 3, 1, 1))
	s.head(s.conv("y", s.concat("cat", 1, "b1r", "b3r", "b4r"), 13, 7, 3, 1), 7)
}

var crossStageGroups = []string{
	"8 [a.w:0 c.w:1]", "6 [c.w:0 y.w:1]", "6 [c.w:0 m1.w:1 m2.w:0 y.w:1]", "4 [m1.w:0 m2.w:1]", "7 [y.w:0 logits.w:1]",
}

// crossStage sends half of the channels past a bottleneck whose input, output
// and shortcut all meet the other half again.
func (s *sketch) crossStage(halve func()) {
	s.in(3, 5, 6)
	s.conv("a", "x", 3, 8, 3, 1)
	s.conv("c", "a", 8, 12, 1, 1)
	halve()
	s.conv("m2", s.relu("m1r", s.conv("m1", "h2", 6, 4, 3, 1)), 4, 6, 3, 1)
	s.add("m", "h2", "m2")
	s.head(s.conv("y", s.concat("cat", 1, "h1", "h2", "m"), 18, 7, 1, 1), 7)
}

func aggregatedLayers(s *sketch) {
	s.in(3, 5, 6)
	s.conv("a", "x", 3, 8, 3, 1)
	s.conv("b1", "a", 8, 6, 1, 1)
	s.relu("b2r", s.conv("b2", "a", 8, 5, 1, 1))
	s.relu("b3r", s.conv("b3", "b2r", 5, 4, 3, 1))
	s.relu("b4r", s.conv("b4", "b3r", 4, 7, 3, 1))
	s.head(s.conv("y", s.concat("cat", 1, "b4r", "b2r", "b1"), 18, 9, 1, 1), 9)
}

// ghost makes half of its channels by a cheap convolution of the other half,
// and leaves one off.
func ghost(s *sketch) {
	s.in(3, 5, 6)
	s.conv("a", "x", 3, 8, 3, 1)
	s.relu("pr", s.conv("p", "a", 8, 6, 1, 1))
	s.relu("dr", s.conv("d", "pr", 6, 6, 3, 6))
	s.slice("g", s.concat("cat", 1, "pr", "dr"), 1, 0, 11, 1)
	s.head(s.conv("y", "g", 11, 7, 1, 1), 7)
}

func hierarchicalSplits(s *sketch) {
	s.in(3, 5, 6)
	s.conv("a", "x", 3, 8, 3, 1)
	s.relu("cr", s.conv("c", "a", 8, 12, 1, 1))
	s.split([]string{"cr", s.numbers("thirds", 4, 4, 4)}, "s1", "s2", "s3")
	s.relu("y1r", s.conv("y1", "s1", 4, 4, 3, 1))
	s.relu("y2r", s.conv("y2", s.add("s2y", "s2", "y1r"), 4, 4, 3, 1))
	s.conv("e", s.concat("cat", 1, "y1r", "y2r", "s3"), 12, 8, 1, 1)
	s.head(s.relu("er", s.add("sum", "e", "a")), 8)
}

// shuffledGroups: the first shuffle sends two channels of each half to the
// left of the second unit and two to its right.
var shuffledGroups = []string{
	"2 [a.w:0 y.w:1]", "2 [a.w:0 q1.w:1]", "4 [a.w:0 r1.w:1]", "4 [r1.w:0 r2.w:0 r3.w:1]",
	"2 [r3.w:0 y.w:1]", "2 [r3.w:0 q1.w:1]", "4 [q1.w:0 q1.b:0 y.w:1]", "7 [y.w:0 logits.w:1]",
}

// shuffledUnits is two units of which each works on half of its channels and
// interleaves them with the other half.
func (s *sketch) shuffledUnits(shuffle func(out, x string)) {
	s.in(3, 5, 6)
	s.conv("a", "x", 3, 8, 3, 1)
	s.split([]string{"a"}, "l", "r")
	s.conv("r3", s.conv("r2", s.relu("r1r", s.conv("r1", "r", 4, 4, 1, 1)), 4, 4, 3, 4), 4, 4, 1, 1)
	shuffle("u", s.concat("cat1", 1, "l", "r3"))
	s.split([]string{"u"}, "m", "q")
	s.relu("q1r", s.biased("q1", "q", 4, 4, 3, 1))
	shuffle("v", s.concat("cat2", 1, "m", "q1r"))
	s.head(s.conv("y", "v", 8, 7, 1, 1), 7)
}

var depthToSpaceGroups = []string{"8 [a.w:0 c.w:1]", "3 [c.w:0 c.b:0 y.w:1]", "7 [y.w:0 logits.w:1]"}

func (s *sketch) depthToSpace(spread func()) {
	s.in(3, 5, 6)
	s.conv("a", "x", 3, 8, 3, 1)
	s.biased("c", "a", 8, 12, 1, 1)
	spread()
	s.head(s.conv("y", "u", 3, 7, 3, 1), 7)
}

// spaceToDepth goes to depth once by the operator and once by reshapes, as
// PixelUnshuffle is exported.
func spaceToDepth(s *sketch) {
	s.in(3, 8, 12)
	s.conv("a", "x", 3, 8, 3, 1)
	s.op("SpaceToDepth", "d", []string{"a"}, onnxio.Int("blocksize", 2))
	s.relu("yr", s.conv("y", "d", 32, 5, 1, 1))
	s.reshape("y6", "yr", -1, 5, 2, 2, 3, 2)
	s.transpose("yt", "y6", 0, 1, 3, 5, 2, 4)
	s.reshape("e", "yt", -1, 20, 2, 3)
	s.head(s.conv("z", "e", 20, 7, 1, 1), 7)
}

func flattenedMaps(s *sketch) {
	s.in(3, 4, 6)
	s.relu("ar", s.biased("a", "x", 3, 8, 3, 1))
	s.op("MaxPool", "p", []string{"ar"}, onnxio.Ints("kernel_shape", 2, 2), onnxio.Ints("strides", 2, 2))
	s.reshape("f", "p", -1, 48)
	s.gemm("logits", s.relu("f1r", s.gemm("f1", "f", 48, 9)), 9, 3)
	s.out("logits", 3)
}

func flattenedLast(s *sketch) {
	s.in(3, 2, 3)
	s.relu("ar", s.biased("a", "x", 3, 8, 3, 1))
	s.reshape("f", s.transpose("at", "ar", 0, 2, 3, 1), -1, 48)
	s.gemm("logits", s.relu("f1r", s.gemm("f1", "f", 48, 9)), 9, 3)
	s.out("logits", 3)
}

// paddedShortcut widens the stream by zeros, two in front and two behind, for
// which a choice of their own is left.
func paddedShortcut(s *sketch) {
	s.in(3, 6, 10)
	s.relu("ar", s.conv("a", "x", 3, 8, 3, 1))
	s.op("Slice", "half", []string{"ar", s.numbers("from", 0, 0), s.numbers("upto", math.MaxInt64, math.MaxInt64), s.numbers("maps", 2, 3), s.numbers("twos", 2, 2)})
	s.op("Pad", "wide", []string{"half", s.numbers("pads", 0, 2, 0, 0, 0, 2, 0, 0)})
	s.conv("c2", s.relu("c1r", s.strided("c1", "ar", 8, 7)), 7, 12, 3, 1)
	s.head(s.relu("r", s.add("sum", "c2", "wide")), 12)
}

// reparameterised is a plain chain with biases, which is what is left of
// parallel branches that were merged into their kernels.
func reparameterised(s *sketch) {
	s.in(3, 5, 6)
	s.relu("ar", s.biased("a", "x", 3, 8, 3, 1))
	s.head(s.relu("cr", s.biased("c", "ar", 8, 6, 3, 1)), 6)
}

// standardisedWeights takes mean and variance off a kernel in the graph and
// gives it a gain.
func standardisedWeights(s *sketch) {
	s.in(3, 5, 6)
	s.relu("ar", s.conv("a", "x", 3, 8, 3, 1))
	s.weight("c.w", 6, 8, 3, 3)
	mean := func(out, x string) string {
		return s.op("ReduceMean", out, []string{x}, onnxio.Ints("axes", 1, 2, 3), onnxio.Int("keepdims", 1))
	}
	s.op("Sub", "c.centred", []string{"c.w", mean("c.mean", "c.w")})
	mean("c.var", s.mul("c.square", "c.centred", "c.centred"))
	s.op("Sqrt", "c.dev", []string{s.add("c.eps", "c.var", s.scalar("eps", 1e-3))})
	s.op("Div", "c.unit", []string{"c.centred", "c.dev"})
	s.mul("c.kernel", "c.unit", s.weight("c.gain", 6, 1, 1, 1))
	s.head(s.relu("cr", s.convOf("c", "ar", []string{"c.kernel"}, 3, 1)), 6)
}

// channelsLast is how graphs with channels last are exported: each
// convolution between Transposes, its bias added along the last axis.
func channelsLast(s *sketch) {
	s.in(6, 10, 3)
	conv := func(out, x string, from, to, group int64) string {
		s.convOf(out+".y", s.transpose(out+".first", x, 0, 3, 1, 2), []string{s.weight(out+".w", to, from/group, 3, 3)}, 3, group)
		return s.relu(out, s.add(out+".s", s.transpose(out+".last", out+".y", 0, 2, 3, 1), s.weight(out+".b", to)))
	}
	conv("a", "x", 3, 8, 1)
	conv("c", "a", 8, 8, 8)
	s.op("Pad", "p", []string{"c", s.numbers("pads", 0, 0, 0, 0, 0, 1, 1, 0)})
	conv("y", "p", 8, 6, 1)
	s.op("ReduceMean", "pool", []string{"y"}, onnxio.Ints("axes", 1, 2), onnxio.Int("keepdims", 0))
	s.gemm("logits", "pool", 6, 3)
	s.out("logits", 3)
}
