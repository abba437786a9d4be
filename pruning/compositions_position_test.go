package pruning_test

import (
	"math"

	"github.com/prunefuse/prunefuse/onnxio"
)

// positioned are the compositions that tell channels, or places of a map, by
// where they stand.
var positioned = []composition{
	{name: "rotary halves", build: func(s *sketch) { s.rotary(2, 6, 6, s.rotateHalves) }, reshapes: true, want: rotaryGroups},
	{name: "rotary neighbours", build: func(s *sketch) { s.rotary(2, 6, 3, s.rotateNeighbours) }, reshapes: true, want: rotaryGroups},
	{name: "rotary halves, many heads", build: func(s *sketch) { s.rotary(4, 2, 2, s.rotateHalves) }, reshapes: true, want: []string{
		"12 [a.w:0 a.b:0 q.w:0 k.w:0 v.w:0 proj.w:1 proj.b:0 logits.w:1]", "4 [q.w:1 q.b:0 k.w:1 k.b:0 v.w:1 v.b:0 proj.w:0]",
	}},
	{name: "excitation across neighbouring channels", build: neighbourExcitation, want: []string{
		"7 [y.w:0 logits.w:1]",
	}, pinned: map[string]string{"a.w:0": "slides over this axis", "y.w:1": "slides over this axis"}},
	{name: "maps resized along their channels", build: resizedChannels, want: []string{"7 [y.w:0 logits.w:1]"}, pinned: map[string]string{"a.w:0": "Resize", "y.w:1": "Resize"}},
	{name: "maps resized to a count of channels, channels last", build: resizedLast, want: []string{
		"6 [a.w:0 a.b:0 y.w:1]", "7 [y.w:0 logits.w:1]",
	}},
	{name: "channels written by their positions", build: scatteredChannels, want: []string{"8 [a.w:0 b.w:1]"}, pinned: map[string]string{"b.w:0": "ScatterND"}, stays: byPosition},
	{name: "rows written by their positions", build: scatteredRows, want: []string{"7 [y.w:0 logits.w:1]"}, pinned: map[string]string{"a.w:0": "positions are listed in tuples"}, stays: byPosition},
}

const byPosition = `node "samples.all" (Range) makes values by the position of a sample`

var rotaryGroups = []string{
	"12 [a.w:0 a.b:0 q.w:0 k.w:0 v.w:0 proj.w:1 proj.b:0 logits.w:1]", "3 [q.w:1 q.b:0 k.w:1 k.b:0 cos:1 sin:1]", "6 [v.w:1 v.b:0 proj.w:0]",
}

// rotary is attention whose queries and keys are turned by an angle for every
// token and pair of channels: both its sine and cosine are a table as wide as
// angles.
func (s *sketch) rotary(heads, width, angles int64, turn func(out, x string, width int64) string) {
	s.tokens()
	s.weight("cos", 10, angles)
	s.weight("sin", 10, angles)
	for _, part := range []string{"q", "k", "v"} {
		s.linear(part, "tokens", 12, heads*width)
		s.transpose(part+"t", s.reshape(part+"4", part, -1, 10, heads, width), 0, 2, 1, 3)
	}
	s.attend("o", turn("qr", "qt", width), s.transpose("ktt", turn("kr", "kt", width), 0, 1, 3, 2), "vt", width)
	s.classify(s.project("proj", "tokens", "o", 10, heads, width))
}

// rotateHalves pairs a channel of the first half with one of the second.
func (s *sketch) rotateHalves(out, x string, width int64) string {
	first, second := s.slice(out+".1", x, 3, 0, width/2, 1), s.slice(out+".2", x, 3, width/2, math.MaxInt64, 1)
	turned := s.concat(out+".turned", -1, s.op("Neg", out+".neg", []string{second}), first)
	return s.add(out, s.mul(out+".c", x, "cos"), s.mul(out+".s", turned, "sin"))
}

// rotateNeighbours pairs a channel with the next one.
func (s *sketch) rotateNeighbours(out, x string, width int64) string {
	even, odd := s.slice(out+".1", x, 3, 0, math.MaxInt64, 2), s.slice(out+".2", x, 3, 1, math.MaxInt64, 2)
	var pair []string
	for _, half := range []struct{ kind, name, a, b string }{
		{"Sub", out + ".left", even, odd}, {"Add", out + ".right", odd, even},
	} {
		v := s.op(half.kind, half.name, []string{s.mul(half.name+".c", half.a, "cos"), s.mul(half.name+".s", half.b, "sin")})
		pair = append(pair, s.op("Unsqueeze", half.name+".5", []string{v, s.numbers(half.name+".at", -1)}))
	}
	s.concat(out+".pairs", -1, pair...)
	s.op("Shape", out+".shape", []string{out + ".pairs"})
	to := s.concat(out+".to", 0, s.slice(out+".lead", out+".shape", 0, 0, -2, 1), s.numbers(out+".last", -1))
	return s.op("Reshape", out, []string{out + ".pairs", to})
}

// neighbourExcitation weighs each channel by what a convolution over the
// channels makes of it and its neighbours.
func neighbourExcitation(s *sketch) {
	s.in(3, 4, 6)
	s.relu("ar", s.conv("a", "x", 3, 8, 3, 1))
	s.op("ReduceMean", "mean", []string{"ar"}, onnxio.Ints("axes", 2, 3))
	s.transpose("row", s.op("Squeeze", "column", []string{"mean", s.numbers("at", 3)}), 0, 2, 1)
	s.op("Conv", "slid", []string{"row", s.weight("k", 1, 1, 3)}, onnxio.Ints("pads", 1, 1))
	s.op("Unsqueeze", "gates", []string{s.transpose("back", "slid", 0, 2, 1), s.numbers("last", -1)})
	s.mul("gated", "ar", s.op("Sigmoid", "gate", []string{"gates"}))
	s.head(s.conv("y", "gated", 8, 7, 1, 1), 7)
}

// resizedChannels makes 12 channels of 8 by interpolation.
func resizedChannels(s *sketch) {
	s.in(3, 4, 6)
	s.relu("ar", s.conv("a", "x", 3, 8, 3, 1))
	s.op("Resize", "wide", []string{"ar", "", s.constant("scales", onnxio.NewTensor("", []int64{4}, []float32{1, 1.5, 1, 1}))}, onnxio.Str("mode", "nearest"))
	s.head(s.conv("y", "wide", 12, 7, 1, 1), 7)
}

// resizedLast makes a map of 6×6 of one of 4×4, both of 6 channels: of three
// equal sizes one counts channels.
func resizedLast(s *sketch) {
	s.in(3, 4, 4)
	s.biased("a", "x", 3, 6, 3, 1)
	s.transpose("last", "a", 0, 2, 3, 1)
	s.op("Shape", "s", []string{"last"})
	sizes := s.concat("size", 0, s.slice("n", "s", 0, 0, 1, 1), s.numbers("sides", 6, 6), s.slice("c", "s", 0, 3, 4, 1))
	s.op("Resize", "large", []string{"last", "", "", sizes}, onnxio.Str("mode", "nearest"))
	s.head(s.conv("y", s.transpose("first", "large", 0, 3, 1, 2), 6, 7, 1, 1), 7)
}

// scatteredChannels writes three channels in the place of others, as x[:, 2:5] = x[:, :3]
// does: the positions are a slice of a range up to the number of channels.
func scatteredChannels(s *sketch) {
	s.in(3, 4, 4)
	s.relu("ar", s.conv("a", "x", 3, 8, 1, 1))
	s.relu("br", s.conv("b", "ar", 8, 6, 1, 1))
	at := s.places("br", s.ranged("places", "br", 1, 2, 5))
	s.op("ScatterND", "y", []string{"br", at, s.slice("moved", "br", 1, 0, 3, 1)})
	s.out("y", 6, 4, 4)
}

// scatteredRows writes two rows of every map in the place of others, as
// x[:, :, 1:3] = x[:, :, :2] does.
func scatteredRows(s *sketch) {
	s.in(3, 4, 4)
	s.relu("ar", s.conv("a", "x", 3, 6, 1, 1))
	at := s.places("ar", s.ranged("channels", "ar", 1, 0, 6), s.ranged("rows", "ar", 2, 1, 3))
	s.op("ScatterND", "z", []string{"ar", at, s.slice("moved", "ar", 2, 0, 2, 1)})
	s.head(s.conv("y", "z", 6, 7, 1, 1), 7)
}

// ranged lists the indices of an axis, between two of them.
func (s *sketch) ranged(out, x string, axis, from, to int64) string {
	zero, one := s.constant(out+".zero", onnxio.Scalar("", int64(0))), s.constant(out+".one", onnxio.Scalar("", int64(1)))
	s.op("Range", out+".all", []string{zero, s.extent(out, x, axis), one})
	return s.slice(out, out+".all", 0, from, to, 1)
}

// places lists the positions of all samples of x, and of some indices of the
// axes that follow, as exporters write an assignment to a slice.
func (s *sketch) places(x string, indices ...string) string {
	samples := s.ranged("samples", x, 0, 0, math.MaxInt64)
	lists, sum := []string{samples}, ""
	lists = append(lists, indices...)
	for i, list := range lists {
		to := make([]int64, len(lists)-i)
		for k := range to {
			to[k] = 1
		}
		to[0] = -1
		lists[i] = s.op("Reshape", list+".grid", []string{list, s.numbers(list+".to", to...)})
		if sum == "" {
			sum = lists[i]
			continue
		}
		sum = s.add(list+".sum", sum, lists[i])
	}
	s.op("Shape", "grid", []string{sum})
	var tuples []string
	last := s.numbers("last.axis", -1)
	for _, list := range lists {
		tuples = append(tuples, s.op("Unsqueeze", list+".at", []string{s.op("Expand", list+".wide", []string{list, "grid"}), last}))
	}
	return s.concat("at", -1, tuples...)
}
