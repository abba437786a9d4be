package pruning

import (
	"testing"

	"github.com/prunefuse/prunefuse/onnxio"
)

// TestWidestPartIsChosen: of a merged axis the part with the most free
// choices is pruned, not one that is long but pinned.
func TestWidestPartIsChosen(t *testing.T) {
	t.Parallel()
	s := &space{}
	c, hw := s.born(3), s.born(50)
	whole := s.born(150)
	s.tie(axis{whole}, axis{c, hw})
	s.keep(axis{hw}, "a window slides over it")
	made := s.settle()
	if free(s, made, c) != 3 || free(s, made, hw) != 0 {
		t.Errorf("%d channels and %d positions are free", free(s, made, c), free(s, made, hw))
	}
	if got := classes(s, made, whole); len(got[0]) != 1 || got[0][0] != got[49][0] || got[50][0] == got[49][0] {
		t.Errorf("positions are removed by %v", got[:51])
	}
}

// TestPinsReachNestedParts, whichever product was stated first: a position of
// the whole that must stay keeps the parts of its parts.
func TestPinsReachNestedParts(t *testing.T) {
	t.Parallel()
	for _, innerFirst := range []bool{true, false} {
		s := &space{}
		whole, part, other, p, q := s.born(12), s.born(6), s.born(2), s.born(3), s.born(2)
		outer := func() { s.tie(axis{whole}, axis{part, other}) }
		if !innerFirst {
			outer()
		}
		s.tie(axis{part}, axis{p, q})
		if innerFirst {
			outer()
		}
		s.keep(axis{whole[:1]}, "read by itself")
		if innerFirst {
			s.keep(axis{other, q}, "not to be chosen")
		}
		made := s.settle()
		if s.why(p[0]) != "read by itself" || s.why(p[1]) != "" {
			t.Errorf("inner first %v: the parts are pinned by %q and %q", innerFirst, s.why(p[0]), s.why(p[1]))
		}
		if n := free(s, made, whole); n != 2 {
			t.Errorf("inner first %v: %d choices, want 2 of the widest part", innerFirst, n)
		}
	}
}

// TestPartsOfAPinnedPart: a part that is not the one to choose from keeps its
// own parts.
func TestPartsOfAPinnedPart(t *testing.T) {
	t.Parallel()
	s := &space{}
	whole, wide, narrow, p, q := s.born(24), s.born(6), s.born(4), s.born(2), s.born(2)
	s.tie(axis{whole}, axis{narrow, wide})
	s.tie(axis{narrow}, axis{p, q})
	made := s.settle()
	if n := free(s, made, whole); n != 6 || s.why(p[0]) == "" || s.why(q[1]) == "" {
		t.Errorf("%d choices, the narrow part's parts are pinned by %q and %q", n, s.why(p[0]), s.why(q[1]))
	}
}

// TestProductsOfOneClass: two ways of merging one axis agree part by part, or
// are pinned.
func TestProductsOfOneClass(t *testing.T) {
	t.Parallel()
	s := &space{}
	whole, a, b, x, y := s.born(12), s.born(4), s.born(3), s.born(4), s.born(3)
	s.tie(axis{whole}, axis{a, b})
	s.tie(axis{whole}, axis{x, y})
	made := s.settle()
	for i := range a {
		if s.find(a[i]) != s.find(x[i]) {
			t.Errorf("index %d of the parts is not the same", i)
		}
	}
	if free(s, made, whole) != 4 {
		t.Errorf("%d choices", free(s, made, whole))
	}
	s = &space{}
	whole, a, b = s.born(12), s.born(4), s.born(3)
	parts := axis{s.born(2), s.born(2), s.born(3)}
	s.tie(axis{whole}, axis{a, b})
	s.tie(axis{whole}, parts)
	if made := s.settle(); free(s, made, whole) != 0 || s.why(parts[0][1]) == "" {
		t.Errorf("products that do not agree leave %d choices", free(s, made, whole))
	}
}

// TestMadeOfItself: an axis that comes to be tied to one of its own parts is
// pinned; nothing loops.
func TestMadeOfItself(t *testing.T) {
	t.Parallel()
	s := &space{}
	whole := s.born(6)
	parts := s.regroup([]axis{{whole}}, onnxio.ShapeOf(2, 3))
	for i, e := range whole {
		s.join(e, parts[1][0][i%3])
	}
	bystander := s.born(3)
	made := s.settle()
	if free(s, made, whole) != 0 || s.why(parts[0][0][0]) == "" || s.why(whole[5]) != "reshaped into a part of itself" {
		t.Errorf("%d choices, pinned by %q", free(s, made, whole), s.why(whole[5]))
	}
	if free(s, made, bystander) != 3 {
		t.Error("another axis is pinned too")
	}
}
