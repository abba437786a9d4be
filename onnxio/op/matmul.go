package op

import (
	"fmt"

	"github.com/prunefuse/prunefuse/onnxio"
)

var matMul = Def{
	Type: "MatMul", Since: []int64{1, 9, 13},
	Shape: func(c *Infer) error { return plainMatMul.shape(c, c.In(0).Elem) },
	Axes:  plainMatMul.axes, Grad: matMulGrad, Cost: plainMatMul.cost,
	Cases: []Case{
		{Name: "matrices", Inputs: []Input{X(3, 4), W(4, 5)}},
		{Name: "tokens", Inputs: []Input{X(2, 3, 4), W(4, 5)}},
		{Name: "weight on the left", Inputs: []Input{W(3, 4), X(2, 4, 5)}},
		{Name: "batched", Inputs: []Input{X(2, 3, 4, 5), X(2, 3, 5, 2)}},
		{Name: "broadcast batch", Inputs: []Input{X(2, 1, 4, 5), W(3, 5, 2)}},
		{Name: "vector on the right", Inputs: []Input{X(2, 3, 4), W(4)}},
		{Name: "vector on the left", Inputs: []Input{W(4), X(2, 4, 3)}},
		{Name: "two vectors", Inputs: []Input{X(4), W(4)}, Fixed: true},
		{Name: "opset 7", Opset: 7, Inputs: []Input{X(3, 4), W(4, 5)}},
	},
}

// matMulForm is where an operator of this form has its operands.
type matMulForm struct{ a, b int }

var plainMatMul = matMulForm{0, 1}

// operands are the operands' shapes as matrices: a vector on the left is a
// row, one on the right a column.
func (f matMulForm) operands(c *Infer) (a, b onnxio.Shape, err error) {
	a, b = c.In(f.a).Shape, c.In(f.b).Shape
	if len(a) == 0 || len(b) == 0 {
		return nil, nil, fmt.Errorf("operands %v and %v: want at least one axis each", a, b)
	}
	if len(a) == 1 {
		a = onnxio.Shape{onnxio.Known(1), a[0]}
	}
	if len(b) == 1 {
		b = onnxio.Shape{b[0], onnxio.Known(1)}
	}
	ka, kb := a[len(a)-1], b[len(b)-2]
	if ka.IsKnown() && kb.IsKnown() && ka != kb {
		return nil, nil, fmt.Errorf("operands %v and %v do not fit: %v against %v", c.In(f.a).Shape, c.In(f.b).Shape, ka, kb)
	}
	return a, b, nil
}

func (f matMulForm) shape(c *Infer, elem onnxio.Elem) error {
	a, b, err := f.operands(c)
	if err != nil {
		return err
	}
	s, err := Broadcast(a[:len(a)-2], b[:len(b)-2])
	if err != nil {
		return err
	}
	if s == nil {
		s = onnxio.Shape{}
	}
	if len(c.In(f.a).Shape) > 1 {
		s = append(s, a[len(a)-2])
	}
	if len(c.In(f.b).Shape) > 1 {
		s = append(s, b[len(b)-1])
	}
	c.Out(0, elem, s)
	return nil
}

func (f matMulForm) axes(a *Axes) error {
	x, y, out := len(a.In(f.a).Shape), len(a.In(f.b).Shape), len(a.OutType(0).Shape)
	a.Same(In(f.a, x-1), In(f.b, max(y-2, 0)))
	end := out
	if y > 1 {
		end--
		a.Same(Out(0, end), In(f.b, y-1))
	}
	if x > 1 {
		end--
		a.Same(Out(0, end), In(f.a, x-2))
	}
	for _, operand := range [][2]int{{f.a, x}, {f.b, y}} {
		i, rank := operand[0], operand[1]
		for k := range rank - 2 {
			a.alignedTo(Out(0, end-(rank-2)+k), In(i, k))
		}
	}
	return nil
}

func (f matMulForm) cost(c *Infer) onnxio.Dim {
	s := c.In(f.a).Shape
	if len(s) == 0 {
		return onnxio.Known(0)
	}
	return c.OutType(0).Shape.Size().Mul(s[len(s)-1])
}

// matMulGrad is dA = dY·Bᵀ and dB = Aᵀ·dY over matrices, summed over the
// batch axes that were broadcast.
func matMulGrad(g *Grad) error {
	a, b, err := plainMatMul.operands(g.Infer)
	if err != nil {
		return err
	}
	batch, err := Broadcast(a[:len(a)-2], b[:len(b)-2])
	if err != nil {
		return err
	}
	x, y, dy := g.I(0), g.I(1), g.GO(0)
	if len(g.In(0).Shape) == 1 {
		x = g.Op("Unsqueeze", []string{x, g.List(0)})
		dy = g.Op("Unsqueeze", []string{dy, g.List(int64(len(batch)))})
	}
	if len(g.In(1).Shape) == 1 {
		y = g.Op("Unsqueeze", []string{y, g.List(1)})
		dy = g.Op("Unsqueeze", []string{dy, g.List(-1)})
	}
	full := func(rows, columns onnxio.Dim) onnxio.Shape { return append(batch.Clone(), rows, columns) }
	m, k, n := a[len(a)-2], a[len(a)-1], b[len(b)-1]
	if g.Needs(0) {
		dx := g.Unbroadcast(g.MatMulT(dy, y), full(m, k), x, a)
		g.GI(0, g.likeOperand(0, dx, a))
	}
	if !g.Needs(1) {
		return nil
	}
	kn, kok := k.Value()
	nn, nok := n.Value()
	if len(b) == 2 && len(a) > 2 && kok && nok {
		// One product over batch and rows together.
		dw := g.Op("Gemm", []string{g.Reshape(x, -1, kn), g.Reshape(dy, -1, nn)}, onnxio.Int("transA", 1))
		g.GI(1, g.likeOperand(1, dw, b))
		return nil
	}
	g.GI(1, g.likeOperand(1, g.Unbroadcast(g.MatMulTA(x, dy), full(k, n), y, b), b))
	return nil
}

// likeOperand gives a gradient taken by a matrix the shape of the operand,
// which may be a vector.
func (g *Grad) likeOperand(i int, grad string, matrix onnxio.Shape) string {
	if len(matrix) == len(g.In(i).Shape) {
		return grad
	}
	return g.ReshapeLike(grad, g.I(i), g.In(i).Shape)
}
