package onnxio

import (
	"math"
	"testing"
)

func TestDimArithmetic(t *testing.T) {
	t.Parallel()
	n, c := Symbol("n"), Symbol("c")
	six := Known(6)
	for _, tc := range []struct {
		what      string
		got, want Dim
	}{
		{"6·7", six.Mul(Known(7)), Known(42)},
		{"0·n", Known(0).Mul(n), Known(0)},
		{"n·0", n.Mul(Known(0)), Known(0)},
		{"1·n", Known(1).Mul(n), n},
		{"n·c = c·n", n.Mul(c), c.Mul(n)},
		{"(n·6)·c", n.Mul(six).Mul(c), Known(2).Mul(c).Mul(Known(3)).Mul(n)},
		{"-1·-1", Known(-1).Mul(Known(-1)), Known(1)},
		{"apply to a number", six.Apply("(%+1)/2", func(x int64) int64 { return (x + 1) / 2 }), Known(3)},
		{"apply to a symbol", n.Apply("(%+1)/2", nil), Symbol("(n+1)/2")},
		{"a star in a name is no product", Symbol("a*b"), Symbol("a×b")},
	} {
		if tc.got != tc.want {
			t.Errorf("%s = %v, want %v", tc.what, tc.got, tc.want)
		}
	}
}

func TestDimDiv(t *testing.T) {
	t.Parallel()
	n, c := Symbol("n"), Symbol("c")
	for _, tc := range []struct {
		d, e, want Dim
		ok         bool
	}{
		{Known(42), Known(7), Known(6), true},
		{Known(42), Known(5), Dim{}, false},
		{Known(42), Known(0), Dim{}, false},
		{Known(0), Known(3), Known(0), true},
		{n.Mul(Known(6)), Known(3), n.Mul(Known(2)), true},
		{n.Mul(Known(6)), n, Known(6), true},
		{n.Mul(n).Mul(c), n, n.Mul(c), true},
		{n, n, Known(1), true},
		{n, c, Dim{}, false},
		{Known(6), n, Dim{}, false},
		{n, Known(2), Dim{}, false},
		{Known(math.MinInt64), Known(-1), Known(math.MinInt64), true}, // wraps as Go does; no panic
	} {
		if q, ok := tc.d.Div(tc.e); q != tc.want || ok != tc.ok {
			t.Errorf("%v / %v = %v, %v, want %v, %v", tc.d, tc.e, q, ok, tc.want, tc.ok)
		}
	}
}

func TestDimOverflowIsNeverANumber(t *testing.T) {
	t.Parallel()
	big := Known(1 << 40)
	for _, d := range []Dim{
		big.Mul(big), ShapeOf(1<<40, 1<<40).Size(), Known(math.MaxInt64).Mul(Known(2)),
		Known(math.MinInt64).Mul(Known(-1)), Known(-1).Mul(Known(math.MinInt64)), Symbol("n").Mul(big).Mul(big),
	} {
		if d.IsKnown() {
			t.Errorf("a product beyond int64 is the number %v", d)
		}
	}
	if once, again := big.Mul(big), big.Mul(big); once != again {
		t.Error("equal products differ")
	}
	if d := ShapeOf(1<<40, 0, 1<<40).Size(); !d.Is(0) {
		t.Errorf("size of an empty shape is %v", d)
	}
}

func TestDimReading(t *testing.T) {
	t.Parallel()
	n := Symbol("n").Mul(Known(4))
	if v, ok := n.Value(); ok {
		t.Errorf("a symbol has the value %d", v)
	}
	if v, ok := Known(3).Value(); !ok || v != 3 {
		t.Errorf("Value = %d, %v", v, ok)
	}
	if n.Or(7) != 7 || Known(3).Or(7) != 3 {
		t.Error("Or takes the wrong side")
	}
	if Symbol("n").Is(1) || !Known(1).Is(1) || (Dim{}) != Known(0) {
		t.Error("Is or the zero Dim is wrong")
	}
	for d, want := range map[Dim]string{n: "4*n", Symbol("n"): "n", Known(-2): "-2"} {
		if d.String() != want {
			t.Errorf("String = %q, want %q", d, want)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("a symbol without a name was made")
		}
	}()
	Symbol("")
}

func TestShape(t *testing.T) {
	t.Parallel()
	n := Symbol("n")
	s := Shape{n, Known(3), Known(8)}
	if s.Known() || Shape(nil).Known() || !ShapeOf().Known() || !ShapeOf(2, 0).Known() {
		t.Error("Known is wrong")
	}
	if _, ok := s.Ints(); ok {
		t.Error("Ints of a symbolic shape")
	}
	if v, ok := ShapeOf(2, 3).Ints(); !ok || len(v) != 2 || v[1] != 3 {
		t.Errorf("Ints = %v, %v", v, ok)
	}
	if got := s.Size(); got != n.Mul(Known(24)) {
		t.Errorf("Size = %v", got)
	}
	if !ShapeOf().Size().Is(1) || Shape(nil).Size().IsKnown() {
		t.Error("Size of a scalar or of an unknown rank is wrong")
	}
	for _, tc := range []struct {
		a, b Shape
		want bool
	}{{nil, nil, true}, {nil, Shape{}, false}, {Shape{}, Shape{}, true}, {s, s.Clone(), true}, {s, s[:2], false}, {ShapeOf(1), Shape{n}, false}} {
		if tc.a.Equal(tc.b) != tc.want || tc.b.Equal(tc.a) != tc.want {
			t.Errorf("%v equal to %v: %v", tc.a, tc.b, !tc.want)
		}
	}
	if c := s.Clone(); Shape(nil).Clone() != nil || &c[0] == &s[0] {
		t.Error("Clone shares or loses nil")
	}
	for _, tc := range []struct {
		axis int64
		want int
		ok   bool
	}{{0, 0, true}, {2, 2, true}, {-1, 2, true}, {-3, 0, true}, {3, 0, false}, {-4, 0, false}, {math.MinInt64, 0, false}, {math.MaxInt64, 0, false}} {
		if got, ok := s.Axis(tc.axis); ok != tc.ok || (ok && got != tc.want) {
			t.Errorf("Axis(%d) = %d, %v", tc.axis, got, ok)
		}
	}
	if got := (Type{Float16, s}).String() + (Type{Int64, nil}).String() + ShapeOf().String(); got != "float16[n,3,8]int64[?][]" {
		t.Errorf("text %q", got)
	}
}
