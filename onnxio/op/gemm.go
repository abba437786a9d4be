package op

import (
	"fmt"

	"github.com/prunefuse/prunefuse/onnxio"
)

var gemm = Def{
	Type: "Gemm", Since: []int64{1, 6, 7, 9, 11, 13},
	Zero:  [][]int{{1, 2}, {0, 2}},
	Shape: func(c *Infer) error { return plainGemm.shape(c, c.In(0).Elem) },
	Axes:  plainGemm.axes, Cost: plainGemm.cost, Linear: &Linear{Bias: 2, Axis: 1, Factor: "beta", Product: plainGemm.product},
	Grad: func(g *Grad) error { return gemmGrad(g, g.GO(0)) },
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

// gemmForm is where an operator of this form has its operands, the sum C, and
// what holds one value for each column.
type gemmForm struct {
	a, b, c   int
	perColumn []int
}

var plainGemm = gemmForm{a: 0, b: 1, c: 2}

// left and right give an operand's axis in the output and its contracted one.
func (f gemmForm) left(c *Infer) (out, contracted int) {
	if c.Node.Int("transA", 0) != 0 {
		return 1, 0
	}
	return 0, 1
}

func (f gemmForm) right(c *Infer) (out, contracted int) {
	if c.Node.Int("transB", 0) != 0 {
		return 0, 1
	}
	return 1, 0
}

func (f gemmForm) shape(c *Infer, elem onnxio.Elem) error {
	a, b := c.In(f.a).Shape, c.In(f.b).Shape
	if len(a) != 2 || len(b) != 2 {
		return fmt.Errorf("operands %v and %v: want two axes each", a, b)
	}
	m, ka := f.left(c)
	n, kb := f.right(c)
	if a[ka].IsKnown() && b[kb].IsKnown() && a[ka] != b[kb] {
		return fmt.Errorf("operands %v and %v do not fit: %v against %v", a, b, a[ka], b[kb])
	}
	c.Out(0, elem, onnxio.Shape{a[m], b[n]})
	return nil
}

func (f gemmForm) axes(a *Axes) error {
	m, ka := f.left(a.Infer)
	n, kb := f.right(a.Infer)
	a.Same(In(f.a, ka), In(f.b, kb))
	a.Same(Out(0, 0), In(f.a, m))
	a.Same(Out(0, 1), In(f.b, n))
	if a.Has(f.c) {
		c := a.In(f.c).Shape
		for k := range c {
			a.alignedTo(Out(0, 2-len(c)+k), In(f.c, k))
		}
	}
	for _, i := range f.perColumn {
		if a.Has(i) && len(a.In(i).Shape) == 1 {
			a.alignedTo(Out(0, 1), In(i, 0))
		}
	}
	return nil
}

func (f gemmForm) cost(c *Infer) onnxio.Dim {
	a := c.In(f.a).Shape
	if _, k := f.left(c); k < len(a) {
		return c.OutType(0).Shape.Size().Mul(a[k])
	}
	return onnxio.Known(0)
}

// gemmGrad follows from Y = α·A'·B' + β·C, at which dy arrives, by the product
// rule.
func gemmGrad(g *Grad, dy string) error {
	tA, tB := g.Node.Int("transA", 0), g.Node.Int("transB", 0)
	alpha := onnxio.Float("alpha", g.Node.Float("alpha", 1))
	mul := func(a, b string, transA, transB int64) string {
		return g.Op("Gemm", []string{a, b}, alpha, onnxio.Int("transA", transA), onnxio.Int("transB", transB))
	}
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
