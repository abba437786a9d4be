package op

import (
	"fmt"

	"github.com/prunefuse/prunefuse/onnxio"
)

var gemm = Def{
	Type: "Gemm", Since: []int64{1, 6, 7, 9, 11, 13},
	Shape: gemmShape, Axes: gemmAxes, Grad: gemmGrad,
	Cost: func(c *Infer) onnxio.Dim {
		_, k := gemmAxis(c, 0)
		return c.OutType(0).Shape.Size().Mul(c.In(0).Shape[k])
	},
	Cases: []Case{
		{Name: "linear layer", Inputs: []Input{X(3, 4), W(5, 4), W(5)}, Attrs: attrs(onnxio.Int("transB", 1))},
		{Name: "plain", Inputs: []Input{X(3, 4), W(4, 5)}},
		{Name: "both transposed", Inputs: []Input{X(4, 3), W(5, 4), W(3, 5)}, Attrs: attrs(onnxio.Int("transA", 1), onnxio.Int("transB", 1))},
		{Name: "scaled", Inputs: []Input{X(3, 4), W(4, 5), W(3, 1)}, Attrs: attrs(onnxio.Float("alpha", 0.5), onnxio.Float("beta", 2))},
		{Name: "scalar bias", Inputs: []Input{X(3, 4), W(4, 5), F32([]float32{0.7})}},
		{Name: "row bias", Inputs: []Input{X(3, 4), W(4, 5), W(1, 5)}},
		{Name: "weight on the left", Inputs: []Input{W(3, 4), X(4, 5)}},
	},
}

// gemmAxis gives, for operand 0 or 1, its axis in the output and its
// contracted axis.
func gemmAxis(c *Infer, operand int) (out, contracted int) {
	t := c.Node.Int([]string{"transA", "transB"}[operand], 0) != 0
	if t != (operand == 1) {
		return 1, 0
	}
	return 0, 1
}

func gemmShape(c *Infer) error {
	a, b := c.In(0).Shape, c.In(1).Shape
	if len(a) != 2 || len(b) != 2 {
		return fmt.Errorf("operands %v and %v: want two axes each", a, b)
	}
	m, ka := gemmAxis(c, 0)
	n, kb := gemmAxis(c, 1)
	if a[ka].IsKnown() && b[kb].IsKnown() && a[ka] != b[kb] {
		return fmt.Errorf("operands %v and %v do not fit: %v against %v", a, b, a[ka], b[kb])
	}
	c.Out(0, c.In(0).Elem, onnxio.Shape{a[m], b[n]})
	return nil
}

func gemmAxes(a *Axes) error {
	m, ka := gemmAxis(a.Infer, 0)
	n, kb := gemmAxis(a.Infer, 1)
	a.Same(In(0, ka), In(1, kb))
	a.Same(Out(0, 0), In(0, m))
	a.Same(Out(0, 1), In(1, n))
	if !a.Has(2) {
		return nil
	}
	c := a.In(2).Shape
	for k, d := range c {
		o := 2 - len(c) + k
		if d.Is(1) && !a.OutType(0).Shape[o].Is(1) {
			a.Free(In(2, k))
			continue
		}
		a.Same(Out(0, o), In(2, k))
	}
	return nil
}

// gemmGrad follows from Y = α·A'·B' + β·C by the product rule.
func gemmGrad(g *Grad) error {
	tA, tB := g.Node.Int("transA", 0), g.Node.Int("transB", 0)
	alpha := onnxio.Float("alpha", g.Node.Float("alpha", 1))
	mul := func(a, b string, transA, transB int64) string {
		return g.Op("Gemm", []string{a, b}, alpha, onnxio.Int("transA", transA), onnxio.Int("transB", transB))
	}
	dy := g.GO(0)
	if g.Needs(0) {
		if tA == 0 {
			g.GI(0, mul(dy, g.I(1), 0, 1-tB))
		} else {
			g.GI(0, mul(g.I(1), dy, tB, 1))
		}
	}
	if g.Needs(1) {
		if tB == 0 {
			g.GI(1, mul(g.I(0), dy, 1-tA, 0))
		} else {
			g.GI(1, mul(dy, g.I(0), 1, tA))
		}
	}
	if g.Needs(2) {
		if beta := g.Node.Float("beta", 1); beta != 1 {
			dy = g.Mul(dy, g.Scalar(beta))
		}
		g.GIBroadcast(2, dy)
	}
	return nil
}
