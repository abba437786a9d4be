package op

import (
	"fmt"
	"slices"

	"github.com/prunefuse/prunefuse/onnxio"
)

var transpose = Def{
	Type: "Transpose", Since: []int64{1, 13, 21, 23},
	Zero: zeroAtZero,
	Shape: func(c *Infer) error {
		perm, err := permutation(c)
		if err != nil {
			return err
		}
		s := make(onnxio.Shape, len(perm))
		for k, from := range perm {
			s[k] = c.In(0).Shape[from]
		}
		c.Out(0, c.In(0).Elem, s)
		c.rearrange(func(k int, at []int64) int64 { return at[slices.Index(perm, int64(k))] })
		return nil
	},
	Axes: func(a *Axes) error {
		perm, err := permutation(a.Infer)
		if err != nil {
			return err
		}
		for k, from := range perm {
			a.Same(In(0, int(from)), Out(0, k))
		}
		return nil
	},
	Grad: func(g *Grad) error {
		perm, err := permutation(g.Infer)
		if err != nil {
			return err
		}
		back := make([]int64, len(perm))
		for k, from := range perm {
			back[from] = int64(k)
		}
		g.GI(0, g.Transpose(g.GO(0), back...))
		return nil
	},
	Cost: free,
	Cases: []Case{
		{Name: "reversed", Inputs: []Input{X(2, 3, 4)}},
		{Name: "channels last", Inputs: []Input{X(2, 3, 4, 5)}, Attrs: attrs(onnxio.Ints("perm", 0, 2, 3, 1))},
		{Name: "cycle", Inputs: []Input{X(2, 3, 4)}, Attrs: attrs(onnxio.Ints("perm", 2, 0, 1))},
		{Name: "opset 7", Opset: 7, Inputs: []Input{X(2, 3)}, Attrs: attrs(onnxio.Ints("perm", 1, 0))},
	},
}

// permutation gives, for each axis of the output, the input's it is.
func permutation(c *Infer) ([]int64, error) {
	rank := len(c.In(0).Shape)
	perm := c.Node.Ints("perm")
	if perm == nil {
		for k := rank - 1; k >= 0; k-- {
			perm = append(perm, int64(k))
		}
	}
	set, err := axisSet(perm, rank)
	if err != nil || count(set) != rank || slices.ContainsFunc(perm, func(k int64) bool { return k < 0 }) {
		return nil, fmt.Errorf("perm %v is no order of %d axes", perm, rank)
	}
	return perm, nil
}
