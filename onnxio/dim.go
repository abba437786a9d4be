package onnxio

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// Dim is the extent of one axis: a number, or a number times named symbols
// such as the batch size. Two symbolic extents are equal when their text is.
// The zero Dim is the number 0.
type Dim struct {
	coef int64
	sym  string // factors joined by "*" in sorted order; "" for a number
}

// Known returns the extent n.
func Known(n int64) Dim { return Dim{coef: n} }

// Symbol returns an extent known only by name, which must not be empty.
func Symbol(name string) Dim {
	if name == "" {
		panic("BUG: an extent without a name")
	}
	return Dim{coef: 1, sym: strings.ReplaceAll(name, "*", "×")}
}

// Value returns the extent as a number; ok is false when it is symbolic.
func (d Dim) Value() (n int64, ok bool) { return d.coef, d.sym == "" }

// Is reports whether d is the number n.
func (d Dim) Is(n int64) bool { return d.sym == "" && d.coef == n }

// IsKnown reports whether d is a number.
func (d Dim) IsKnown() bool { return d.sym == "" }

// Or returns the extent as a number, or n where it is symbolic.
func (d Dim) Or(n int64) int64 {
	if d.sym == "" {
		return d.coef
	}
	return n
}

func (d Dim) String() string {
	switch {
	case d.sym == "":
		return strconv.FormatInt(d.coef, 10)
	case d.coef == 1:
		return d.sym
	}
	return strconv.FormatInt(d.coef, 10) + "*" + d.sym
}

// Mul returns the product of two extents. One whose number would not fit an
// int64 becomes a symbol, so that it is never taken for a small one.
func (d Dim) Mul(e Dim) Dim {
	if d.coef == 0 || e.coef == 0 {
		return Known(0)
	}
	coef := d.coef * e.coef
	if coef/e.coef != d.coef || (e.coef == -1 && d.coef == math.MinInt64) {
		return Symbol(d.String() + "*" + e.String())
	}
	f := append(d.factors(), e.factors()...)
	slices.Sort(f)
	return Dim{coef: coef, sym: strings.Join(f, "*")}
}

// Div divides exactly; ok is false when e does not divide d, or cannot be
// shown to.
func (d Dim) Div(e Dim) (q Dim, ok bool) {
	if e.coef == 0 || d.coef%e.coef != 0 {
		return Dim{}, false
	}
	f := d.factors()
	for _, s := range e.factors() {
		i := slices.Index(f, s)
		if i < 0 {
			return Dim{}, false
		}
		f = slices.Delete(f, i, i+1)
	}
	return Dim{coef: d.coef / e.coef, sym: strings.Join(f, "*")}, true
}

// Apply is f of a number; of a symbolic extent it is a symbol named by
// format with every "%" replaced by the extent.
func (d Dim) Apply(format string, f func(int64) int64) Dim {
	if d.sym == "" {
		return Known(f(d.coef))
	}
	return Symbol(strings.ReplaceAll(format, "%", d.String()))
}

func (d Dim) factors() []string {
	if d.sym == "" {
		return nil
	}
	return strings.Split(d.sym, "*")
}

// Shape is the extents of a tensor, outermost first. A nil Shape is unknown,
// rank included; a scalar is the empty non-nil Shape.
type Shape []Dim

// ShapeOf returns the shape with the given numbers as extents.
func ShapeOf(dims ...int64) Shape {
	s := make(Shape, len(dims))
	for i, n := range dims {
		s[i] = Known(n)
	}
	return s
}

// Known reports whether the rank and every extent is a number.
func (s Shape) Known() bool {
	if s == nil {
		return false
	}
	for _, d := range s {
		if !d.IsKnown() {
			return false
		}
	}
	return true
}

// Ints returns the extents as numbers; ok is false unless all are known.
func (s Shape) Ints() (dims []int64, ok bool) {
	if !s.Known() {
		return nil, false
	}
	dims = make([]int64, len(s))
	for i, d := range s {
		dims[i] = d.coef
	}
	return dims, true
}

// Size returns the number of elements, the symbol "?" for an unknown rank.
func (s Shape) Size() Dim {
	if s == nil {
		return Symbol("?")
	}
	n := Known(1)
	for _, d := range s {
		n = n.Mul(d)
	}
	return n
}

// Equal reports whether both are of known rank with equal extents, or both
// unknown.
func (s Shape) Equal(t Shape) bool {
	return (s == nil) == (t == nil) && slices.Equal(s, t)
}

// Clone copies the shape, keeping nil nil.
func (s Shape) Clone() Shape { return slices.Clone(s) }

// Axis resolves a possibly negative axis index; ok is false when it is out
// of range.
func (s Shape) Axis(a int64) (int, bool) {
	r := int64(len(s))
	if a < 0 {
		a += r
	}
	return int(a), a >= 0 && a < r
}

func (s Shape) String() string {
	if s == nil {
		return "[?]"
	}
	t := make([]string, len(s))
	for i, d := range s {
		t[i] = d.String()
	}
	return "[" + strings.Join(t, ",") + "]"
}

// Type is the element type and shape of a tensor value.
type Type struct {
	Elem  Elem
	Shape Shape
}

func (t Type) String() string { return t.Elem.String() + t.Shape.String() }
