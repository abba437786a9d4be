package compare

import (
	"math/rand/v2"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
)

// span is a range of integers, both ends included, of an input that positions
// are read from. Its numbers are handed out in a random order, each once
// before any comes again.
type span struct {
	low, high int64
	order     []int64
	next      int
	marked    int // where next stood at the mark
}

// maxOrdered bounds the ranges whose numbers are handed out in an order.
const maxOrdered = 1 << 20

func (s *span) draw(rng *rand.Rand) int64 {
	n := s.high - s.low + 1
	if n > maxOrdered {
		s.next++
		return s.low + rng.Int64N(n)
	}
	if s.order == nil {
		s.order = make([]int64, n)
		for i, p := range rng.Perm(int(n)) {
			s.order[i] = s.low + int64(p)
		}
	}
	v := s.order[s.next%len(s.order)]
	s.next++
	return v
}

// unseen is how many of the numbers have not been handed out.
func (s *span) unseen() int64 { return max(s.high-s.low+1-int64(s.next), 0) }

// indexed finds the range of an integer input's numbers that the graph can
// index with; ok is false where it reads no positions from it.
func indexed(m *onnxio.Model, f *op.Facts, input string) (s *span, ok bool) {
	w := &indexWalk{g: m.Graph, f: f, seen: map[string]bool{}}
	w.value(input, 0)
	if !w.found || w.low > w.high {
		return nil, false
	}
	return &span{low: w.low, high: w.high}, true
}

// indexWalk follows an input through the nodes that hand its numbers on to
// those that index with them.
type indexWalk struct {
	g         *onnxio.Graph
	f         *op.Facts
	seen      map[string]bool
	found     bool
	low, high int64
}

// handsOn gives, for the operators that hand numbers on as they are, the inputs
// that they take them from.
var handsOn = map[string][]int{
	"Identity": {0}, "Cast": {0}, "Reshape": {0}, "Flatten": {0}, "Squeeze": {0}, "Unsqueeze": {0}, "Transpose": {0}, "Slice": {0}, "Split": {0},
	"Gather": {0}, "GatherElements": {0}, "GatherND": {0}, "Expand": {0}, "Tile": {0}, "Concat": nil, "Where": {1, 2}, "Add": nil, "Sub": {0}, "Max": nil,
}

// value follows numbers that are the input's plus a constant.
func (w *indexWalk) value(name string, plus int64) {
	if w.seen[name] {
		return
	}
	w.seen[name] = true
	for _, u := range w.g.Consumers(name) {
		if u.Index < 0 || u.Node.Domain() != "" {
			continue
		}
		if extent, ok := w.extent(u); ok {
			w.bound(-plus, extent-1-plus)
			continue
		}
		from, known := handsOn[u.Node.Op()]
		if !known || (from != nil && from[0] != u.Index && from[len(from)-1] != u.Index) {
			continue
		}
		by, ok := w.shift(u)
		if !ok {
			continue
		}
		for _, o := range u.Node.Outputs() {
			if w.f.Types[o].Elem.Int() {
				w.value(o, plus+by)
			}
		}
	}
}

func (w *indexWalk) bound(low, high int64) {
	if !w.found {
		w.found, w.low, w.high = true, low, high
		return
	}
	w.low, w.high = max(w.low, low), min(w.high, high)
}

// shift is what a node adds to the numbers, where that is one constant.
func (w *indexWalk) shift(u onnxio.Use) (by int64, ok bool) {
	if u.Node.Op() != "Add" && u.Node.Op() != "Sub" {
		return 0, true
	}
	t, _ := w.g.Constant(u.Node.Input(1 - u.Index))
	if t == nil || t.Len() != 1 {
		return 0, false
	}
	v, err := t.Ints()
	if err != nil {
		return 0, false
	}
	if u.Node.Op() == "Sub" {
		return -v[0], true
	}
	return v[0], true
}

// extent is how many positions there are to read where a node takes a value
// for positions.
func (w *indexWalk) extent(u onnxio.Use) (n int64, ok bool) {
	shape := w.f.Types[u.Node.Input(0)].Shape
	switch {
	case u.Index == 1 && (u.Node.Op() == "Gather" || u.Node.Op() == "GatherElements" || u.Node.Op() == "ScatterElements"):
		axis, within := shape.Axis(u.Node.Int("axis", 0))
		if !within {
			return 0, false
		}
		return shape[axis].Value()
	case u.Index == 1 && (u.Node.Op() == "GatherND" || u.Node.Op() == "ScatterND"):
		at := w.f.Types[u.Node.Input(1)].Shape
		first := int(u.Node.Int("batch_dims", 0))
		if len(at) == 0 {
			return 0, false
		}
		count, known := at[len(at)-1].Value()
		if !known || first+int(count) > len(shape) {
			return 0, false
		}
		n = -1
		for _, d := range shape[first : first+int(count)] {
			if e, known := d.Value(); known && (n < 0 || e < n) {
				n = e
			}
		}
		return n, n > 0
	case u.Index == 0 && u.Node.Op() == "OneHot":
		depth, _ := w.g.Constant(u.Node.Input(1))
		if depth == nil || depth.Len() != 1 {
			return 0, false
		}
		v, err := depth.Ints()
		if err != nil {
			f, ferr := depth.Floats()
			if ferr != nil {
				return 0, false
			}
			return int64(f[0]), true
		}
		return v[0], true
	}
	return 0, false
}
