package pruning_test

import (
	"math"

	"github.com/prunefuse/prunefuse/onnxio"
)

// detecting are the compositions of detectors, whose heads keep their
// channels without being told.
var detecting = []composition{
	{name: "anchor grid heads", build: gridHeads, reshapes: true, want: []string{
		"8 [a.w:0 b.w:1 t.w:1]", "7 [b.w:0 h2.w:1]", "5 [t.w:0 t.b:0 h1.w:1]",
	}, pinned: map[string]string{"h1.w:0": `graph output "y"`, "h2.w:0": `graph output "y"`, "h1.b:0": `graph output "y"`}},
	{name: "single shot heads", build: singleShotHeads, reshapes: true, want: []string{
		"8 [a.w:0 b.w:1 c1.w:1 r1.w:1]", "7 [b.w:0 c2.w:1 r2.w:1]",
	}, pinned: map[string]string{"c1.w:0": `graph output "scores"`, "c2.w:0": `graph output "scores"`, "r1.w:0": `graph output "boxes"`}},
	{name: "pyramid by scales", build: func(s *sketch) {
		s.pyramid(func() {
			s.op("Resize", "up", []string{"l4", "", s.constant("scales", onnxio.NewTensor("", []int64{4}, []float32{1, 1, 2, 2}))}, onnxio.Str("mode", "nearest"))
		})
	}, want: pyramidGroups},
	{name: "pyramid by sizes computed from the batch", build: func(s *sketch) {
		s.computed = true
		s.pyramid(func() {
			s.op("Resize", "up", []string{"l4", "", "", s.sizes("size", -1, 8, 6, 10)}, onnxio.Str("mode", "linear"))
		})
	}, want: pyramidGroups},
	{name: "pyramid by sizes of a batch", build: func(s *sketch) {
		s.batch = 2
		s.pyramid(func() {
			s.op("Resize", "up", []string{"l4", "", "", s.sizes("size", -1, 8, 6, 10)}, onnxio.Str("mode", "linear"))
		})
	}, want: pyramidGroups},
	{name: "pyramid by the sizes of another map", build: func(s *sketch) {
		s.pyramid(func() {
			s.op("Shape", "l4s", []string{"l4"})
			s.op("Shape", "l3s", []string{"l3"})
			s.slice("nc", "l4s", 0, 0, 2, 1)
			s.slice("hw", "l3s", 0, 2, math.MaxInt64, 1)
			s.op("Resize", "up", []string{"l4", "", "", s.concat("size", 0, "nc", "hw")}, onnxio.Str("mode", "nearest"))
		})
	}, want: pyramidGroups},
	{name: "heads shared by levels", build: sharedHeads, reshapes: true, want: []string{
		"6 [a.w:0 b.w:1 l3.w:1]", "7 [b.w:0 l4.w:1]", "8 [l3.w:0 l3.b:0 l4.w:0 l4.b:0 t.w:1]", "5 [t.w:0 t.b:0 h.w:1 t.b:0]",
	}, pinned: map[string]string{"h.w:0": `graph output "y"`}},
}

// gridHeads are two levels of convolutions whose channels are 3 anchors of 7
// numbers, laid out as rows of one list.
func gridHeads(s *sketch) {
	s.in(3, 6, 10)
	s.relu("ar", s.conv("a", "x", 3, 8, 3, 1))
	s.relu("br", s.strided("b", "ar", 8, 7))
	s.relu("tr", s.biased("t", "ar", 8, 5, 3, 1))
	s.biased("h1", "tr", 5, 21, 1, 1)
	s.biased("h2", "br", 7, 21, 1, 1)
	for _, h := range []struct {
		name string
		side [2]int64
	}{{"h1", [2]int64{6, 10}}, {"h2", [2]int64{3, 5}}} {
		s.reshape(h.name+".5", h.name, -1, 3, 7, h.side[0], h.side[1])
		s.transpose(h.name+".t", h.name+".5", 0, 1, 3, 4, 2)
		s.op("Sigmoid", h.name+".s", []string{s.reshape(h.name+".rows", h.name+".t", -1, 3*h.side[0]*h.side[1], 7)})
	}
	s.concat("y", 1, "h1.s", "h2.s")
	s.out("y", 3*60+3*15, 7)
}

// singleShotHeads are classes and boxes of two levels, of 2 anchors each, and
// of 4 classes.
func singleShotHeads(s *sketch) {
	s.in(3, 6, 10)
	s.relu("ar", s.conv("a", "x", 3, 8, 3, 1))
	s.relu("br", s.strided("b", "ar", 8, 7))
	rows := func(out, x string, from, side int64) {
		s.conv(out, x, from, 8, 3, 1)
		s.reshape(out+".rows", s.transpose(out+".t", out, 0, 2, 3, 1), -1, 2*side, 4)
	}
	rows("c1", "ar", 8, 60)
	rows("r1", "ar", 8, 60)
	rows("c2", "br", 7, 15)
	rows("r2", "br", 7, 15)
	s.op("Softmax", "scores", []string{s.concat("classes", 1, "c1.rows", "c2.rows")}, onnxio.Int("axis", -1))
	s.concat("boxes", 1, "r1.rows", "r2.rows")
	s.out("scores", 150, 4)
	s.out("boxes", 150, 4)
}

var pyramidGroups = []string{
	"6 [a.w:0 b.w:1 l3.w:1]", "7 [b.w:0 l4.w:1]", "8 [l3.w:0 l3.b:0 l4.w:0 l4.b:0 y.w:1]", "5 [y.w:0 logits.w:1]",
}

// pyramid adds a coarse level, made finer by up, to a fine one.
func (s *sketch) pyramid(up func()) {
	s.levels()
	up()
	s.head(s.relu("yr", s.conv("y", s.add("sum", "l3", "up"), 8, 5, 3, 1)), 5)
}

// levels are two maps of 8 channels, of 6×10 and 3×5.
func (s *sketch) levels() {
	s.in(3, 6, 10)
	s.relu("ar", s.conv("a", "x", 3, 6, 3, 1))
	s.relu("br", s.strided("b", "ar", 6, 7))
	s.biased("l3", "ar", 6, 8, 1, 1)
	s.biased("l4", "br", 7, 8, 1, 1)
}

// sharedHeads runs one tower and one head over both levels.
func sharedHeads(s *sketch) {
	s.levels()
	s.weight("t.w", 5, 8, 3, 3)
	s.weight("t.b", 5)
	s.weight("h.w", 12, 5, 3, 3)
	for _, l := range []struct {
		name string
		side int64
	}{{"l3", 60}, {"l4", 15}} {
		s.relu(l.name+".tr", s.convOf(l.name+".t", l.name, []string{"t.w", "t.b"}, 3, 1))
		s.convOf(l.name+".h", l.name+".tr", []string{"h.w"}, 3, 1)
		s.reshape(l.name+".rows", s.transpose(l.name+".last", l.name+".h", 0, 2, 3, 1), -1, 3*l.side, 4)
	}
	s.concat("y", 1, "l3.rows", "l4.rows")
	s.out("y", 225, 4)
}
