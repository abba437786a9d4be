package op

import (
	"math"

	"github.com/prunefuse/prunefuse/onnxio"
)

// Detectors scale images by factors that they compute from sizes. The rules
// here carry such floats along, in the single precision that the runtime
// computes with; once they are whole again they are among the Values.

// computing returns a shape rule after which the elements of floats are
// computed, where those of all inputs are known: each by f, from one of each
// input.
func computing(rule func(*Infer) error, f func(x []float32) float32) func(*Infer) error {
	return func(c *Infer) error {
		if err := rule(c); err != nil {
			return err
		}
		if _, known := c.Values[c.Node.Output(0)]; !known && c.OutType(0).Elem == onnxio.Float32 {
			c.compute(f)
		}
		return nil
	}
}

func (c *Infer) compute(f func(x []float32) float32) {
	n, ok := c.OutType(0).Shape.Size().Value()
	if !ok || n > maxFloatValues || len(c.OutType(0).Shape) > 1 {
		return
	}
	var in [][]float32
	for i := range c.Node.Inputs() {
		v, ok := c.reals(i)
		if !ok || len(v) != 1 && int64(len(v)) != n {
			return
		}
		in = append(in, v)
	}
	out, x := make([]float32, n), make([]float32, len(in))
	for k := range out {
		for i, v := range in {
			x[i] = v[k%len(v)]
		}
		out[k] = f(x)
	}
	c.outReals(out)
}

// reals returns the elements of input i as floats where they are known.
func (c *Infer) reals(i int) ([]float32, bool) {
	if v, ok := c.Reals[c.Node.Input(i)]; ok && c.Has(i) {
		return v, true
	}
	ints, ok := c.Ints(i)
	if !ok || len(c.In(i).Shape) > 1 {
		return nil, false
	}
	return convert[float32](ints), true
}

// outReals states the elements of output 0.
func (c *Infer) outReals(v []float32) {
	if whole := wholes(v); whole != nil {
		c.OutDims(known(whole))
		return
	}
	c.Reals[c.Node.Output(0)] = v
}

// wholes are floats as integers; nil where one is none, or too large to be
// exact.
func wholes(v []float32) []int64 {
	ints := make([]int64, len(v))
	for i, x := range v {
		if ints[i] = int64(x); !(x >= -1<<24 && x <= 1<<24) || float32(ints[i]) != x {
			return nil
		}
	}
	return ints
}

func known(v []int64) []onnxio.Dim {
	out := make([]onnxio.Dim, len(v))
	for i, n := range v {
		out[i] = onnxio.Known(n)
	}
	return out
}

// castReals gives output 0 the elements of input 0 in another type.
func (c *Infer) castReals(to onnxio.Elem) {
	v, ok := c.Reals[c.Node.Input(0)]
	switch {
	case !ok:
	case to == onnxio.Float32:
		c.Reals[c.Node.Output(0)] = v
	case to == onnxio.Int64 || to == onnxio.Int32:
		whole := make([]float32, len(v))
		for i, x := range v {
			whole[i] = float32(math.Trunc(float64(x)))
		}
		if ints := wholes(whole); ints != nil {
			c.OutDims(known(ints))
		}
	}
}
