package op

import (
	"fmt"

	"github.com/prunefuse/prunefuse/onnxio"
)

// The rules here carry the elements of small integer tensors along, from
// which shapes are computed.

// carry takes over the elements of input 0, for operators that keep them all
// in their order.
func (c *Infer) carry() {
	if v, ok := c.Dims(0); ok && c.carries() {
		c.OutDims(v)
	}
}

// carries reports whether the elements of output 0 may be carried along. Of
// more than one axis they are extents only where they are integers; floats
// are weights.
func (c *Infer) carries() bool {
	t := c.OutType(0)
	return t.Shape != nil && (len(t.Shape) <= 1 || t.Elem == onnxio.Int64 || t.Elem == onnxio.Int32)
}

// rearrange carries the elements of input 0 to their places in the output:
// from is the index along axis k of the input of what the output has at an
// index.
func (c *Infer) rearrange(from func(k int, at []int64) int64) {
	v, ok := c.Dims(0)
	in, known := c.In(0).Shape.Ints()
	out, sized := c.OutType(0).Shape.Ints()
	if !ok || !known || !sized || !c.carries() || !c.In(0).Shape.Size().Is(int64(len(v))) {
		return
	}
	n := c.OutType(0).Shape.Size().Or(0)
	if n > maxValues {
		return
	}
	moved, at := make([]onnxio.Dim, n), make([]int64, len(out))
	for i := range moved {
		rest := int64(i)
		for k := len(out) - 1; k >= 0; k-- {
			at[k] = rest % out[k]
			rest /= out[k]
		}
		p := int64(0)
		for k, d := range in {
			p = p*d + from(k, at)
		}
		moved[i] = v[p]
	}
	c.OutDims(moved)
}

// carrying returns a shape rule after which the elements are carried.
func carrying(rule func(*Infer) error) func(*Infer) error {
	return func(c *Infer) error {
		if err := rule(c); err != nil {
			return err
		}
		c.carry()
		return nil
	}
}

// dimFunc computes one element from two; ok is false when it cannot be told.
type dimFunc func(a, b onnxio.Dim) (d onnxio.Dim, ok bool)

// arithmetic returns the shape rule of operators that shapes are computed with.
// More than two operands are taken one after the other.
func arithmetic(f dimFunc) func(*Infer) error {
	return func(c *Infer) error {
		if err := broadcastShape(c); err != nil {
			return err
		}
		c.elements(0, f)
		return nil
	}
}

// elements carries what f makes of the elements of the inputs from the first
// one on.
func (c *Infer) elements(first int, f dimFunc) {
	v, ok := c.Dims(first)
	for i := first + 1; i < len(c.Node.Inputs()) && ok; i++ {
		var w []onnxio.Dim
		if w, ok = c.Dims(i); ok {
			v, ok = zip(v, w, f)
		}
	}
	if ok && len(c.OutType(0).Shape) <= 1 {
		c.OutDims(v)
	}
}

// zip applies f to the elements of two lists, of which one may be of length
// one and serves for all.
func zip(a, b []onnxio.Dim, f dimFunc) ([]onnxio.Dim, bool) {
	n := max(len(a), len(b))
	if (len(a) != n && len(a) != 1) || (len(b) != n && len(b) != 1) {
		return nil, false
	}
	out := make([]onnxio.Dim, n)
	for i := range out {
		var ok bool
		if out[i], ok = f(a[i%len(a)], b[i%len(b)]); !ok {
			return nil, false
		}
	}
	return out, true
}

func addDims(a, b onnxio.Dim) (onnxio.Dim, bool) {
	x, xok := a.Value()
	y, yok := b.Value()
	switch {
	case xok && yok:
		return onnxio.Known(x + y), true
	case a.Is(0):
		return b, true
	case b.Is(0):
		return a, true
	}
	return onnxio.Symbol(fmt.Sprintf("(%v+%v)", a, b)), true
}

func subDims(a, b onnxio.Dim) (onnxio.Dim, bool) {
	x, xok := a.Value()
	y, yok := b.Value()
	switch {
	case xok && yok:
		return onnxio.Known(x - y), true
	case a == b:
		return onnxio.Known(0), true
	case b.Is(0):
		return a, true
	}
	return onnxio.Symbol(fmt.Sprintf("(%v-%v)", a, b)), true
}

func mulDims(a, b onnxio.Dim) (onnxio.Dim, bool) { return a.Mul(b), true }

// divDims divides integers as ONNX does, towards zero; symbols stand for
// extents, which are not negative.
func divDims(a, b onnxio.Dim) (onnxio.Dim, bool) {
	if q, ok := a.Div(b); ok {
		return q, true
	}
	x, xok := a.Value()
	y, yok := b.Value()
	switch {
	case b.Is(0):
		return onnxio.Dim{}, false
	case xok && yok:
		return onnxio.Known(x / y), true
	}
	return onnxio.Symbol(fmt.Sprintf("floor((%v)/(%v))", a, b)), true
}

// chosenDims is for operators that give one of their operands.
func chosenDims(f func(a, b int64) int64) dimFunc {
	return func(a, b onnxio.Dim) (onnxio.Dim, bool) {
		x, xok := a.Value()
		y, yok := b.Value()
		if xok && yok {
			return onnxio.Known(f(x, y)), true
		}
		return a, a == b
	}
}

func truth(b bool) onnxio.Dim {
	if b {
		return onnxio.Known(1)
	}
	return onnxio.Known(0)
}
