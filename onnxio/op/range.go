package op

import "github.com/prunefuse/prunefuse/onnxio"

var sequence = Def{
	Type: "Range", Since: []int64{11},
	Shape: func(c *Infer) error {
		elem := c.In(0).Elem
		var v [3]int64
		for i := range v {
			d, ok := c.Ints(i)
			if !ok || len(d) != 1 {
				c.Out(0, elem, onnxio.Shape{c.rangeExtent()})
				return nil
			}
			v[i] = d[0]
		}
		if v[2] == 0 {
			c.Out(0, elem, nil)
			return nil
		}
		n := max((v[1]-v[0]+v[2]-sign(v[2]))/v[2], 0)
		c.Out(0, elem, onnxio.ShapeOf(n))
		if n > maxValues {
			return nil
		}
		out := make([]onnxio.Dim, n)
		for i := range out {
			out[i] = onnxio.Known(v[0] + int64(i)*v[2])
		}
		c.OutDims(out)
		return nil
	},
	Axes: Opaque("Range counts"), Grad: NoGrad("its inputs choose a length"), Cost: free,
	Cases: []Case{
		{Name: "up", Inputs: []Input{I0(2), I0(9), I0(3)}},
		{Name: "down", Inputs: []Input{I0(5), I0(-2), I0(-2)}},
		{Name: "empty", Inputs: []Input{I0(5), I0(2), I0(1)}},
		{Name: "whole floats", Inputs: []Input{F32([]float32{0}), F32([]float32{4}), F32([]float32{1})}},
	},
}

// rangeExtent returns the number of elements where it is not known: the limit
// itself for the count from 0 in steps of 1.
func (c *Infer) rangeExtent() onnxio.Dim {
	start, _ := c.Dims(0)
	limit, ok := c.Dims(1)
	delta, _ := c.Dims(2)
	if ok && len(start) == 1 && start[0].Is(0) && len(delta) == 1 && delta[0].Is(1) && len(limit) == 1 {
		return limit[0]
	}
	return c.unknown(0, 0)
}

func sign(v int64) int64 {
	if v < 0 {
		return -1
	}
	return 1
}
