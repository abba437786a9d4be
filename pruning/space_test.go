package pruning

import (
	"slices"
	"testing"

	"github.com/prunefuse/prunefuse/onnxio"
)

// classes gives, for each element of the factor, the leaf classes that remove
// it, pinned ones left out.
func classes(s *space, made map[elem][]elem, f factor) [][]elem {
	a := &Analysis{space: s, made: made}
	out := make([][]elem, len(f))
	for i, e := range f {
		a.leaves(e, func(r elem) {
			if s.pin[r] == 0 {
				out[i] = append(out[i], r)
			}
		})
	}
	return out
}

func free(s *space, made map[elem][]elem, f factor) int {
	seen := map[elem]bool{}
	for _, leaves := range classes(s, made, f) {
		for _, r := range leaves {
			seen[r] = true
		}
	}
	return len(seen)
}

func TestRegroup(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		from    []int // one factor each
		to      []int64
		factors []int // of each axis of to
		pinned  bool
	}{
		{"merge", []int{4, 3, 5}, []int64{60}, []int{3}, false},
		{"split", []int{60}, []int64{4, 3, 5}, []int{1, 1, 1}, false},
		{"merge and split", []int{4, 6}, []int64{8, 3}, []int{2, 1}, false},
		{"ones are nothing", []int{1, 4, 1}, []int64{4, 1, 1}, []int{1, 1, 1}, false},
		{"across", []int{4, 3}, []int64{6, 2}, []int{1, 1}, true},
	} {
		s := &space{}
		var from []axis
		for _, n := range tc.from {
			from = append(from, axis{s.born(n)})
		}
		to := s.regroup(from, onnxio.ShapeOf(tc.to...))
		for i, x := range to {
			if x.extent() != int(tc.to[i]) || len(x) != tc.factors[i] {
				t.Errorf("%s: axis %d has extent %d in %d factors", tc.name, i, x.extent(), len(x))
			}
		}
		if pinned := s.why(from[0][0][0]) != "" && s.why(to[0][0][0]) != ""; pinned != tc.pinned {
			t.Errorf("%s: pinned %v", tc.name, pinned)
		}
	}
}

func TestTieOfUnlikeAxes(t *testing.T) {
	t.Parallel()
	for name, axes := range map[string]func(s *space) (axis, axis){
		"extents":  func(s *space) (axis, axis) { return axis{s.born(4)}, axis{s.born(5)} },
		"products": func(s *space) (axis, axis) { return axis{s.born(4), s.born(3)}, axis{s.born(3), s.born(4)} },
	} {
		s := &space{}
		x, y := axes(s)
		s.tie(x, y)
		if s.why(x[0][0]) == "" || s.why(y[0][2]) == "" {
			t.Errorf("%s: not pinned", name)
		}
	}
	s := &space{}
	x, y := axis{s.born(1), s.born(4), s.born(1)}, axis{s.born(4)}
	s.tie(x, y)
	if s.find(x[1][2]) != s.find(y[0][2]) {
		t.Error("axes that differ in extents of 1 are not tied")
	}
}

func TestDigits(t *testing.T) {
	t.Parallel()
	s := &space{}
	x := axis{s.born(2), s.born(3), s.born(4)}
	if got := x.digits(17, nil); !slices.Equal(got, []int{1, 1, 1}) {
		t.Errorf("position 17 is %v", got)
	}
	if x.extent() != 24 || axis(nil).extent() != 0 {
		t.Error("extent")
	}
}

// TestEarlierReasonWins: of two reasons to stay the one found first is told.
func TestEarlierReasonWins(t *testing.T) {
	t.Parallel()
	s := &space{}
	x, y, z := s.born(1), s.born(1), s.born(1)
	s.keep(axis{y}, "first")
	s.keep(axis{x}, "second")
	s.join(x[0], y[0])
	s.join(z[0], y[0])
	if got := s.why(z[0]); got != "first" {
		t.Errorf("reason %q", got)
	}
	if s.keep(axis{z}, "third") || s.why(x[0]) != "first" {
		t.Error("a pinned class was pinned again")
	}
}

func TestBest(t *testing.T) {
	t.Parallel()
	if got := best([]float64{1, 3, 2, 3, 0}, 3); !slices.Equal(got, []int{1, 2, 3}) {
		t.Errorf("%v", got)
	}
	if got := best([]float64{1, 1, 1}, 2); !slices.Equal(got, []int{0, 1}) {
		t.Errorf("of equals %v stay", got)
	}
}

// TestUniformFloors keeps floor(C·(1−p)) in spite of binary fractions, and
// never nothing.
func TestUniformFloors(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		size  int
		ratio float64
		want  int
	}{{64, 0.7, 19}, {16, 0.7, 4}, {10, 0.9, 1}, {20, 0.9, 2}, {30, 0.9, 3}, {10, 0.4, 6}, {100, 0.29, 71}, {3, 0.99, 1}, {7, 0, 7}, {1000, 0.001, 999}, {7, 0.5, 3}} {
		a := &Analysis{Groups: []*Group{{Size: tc.size}}}
		sel, err := a.Uniform(tc.ratio, [][]float64{make([]float64, tc.size)})
		if err != nil || len(sel[0]) != tc.want {
			t.Errorf("%d channels at %v: %v are left, %v", tc.size, tc.ratio, sel, err)
		}
	}
}
