package op

import (
	"fmt"

	"github.com/prunefuse/prunefuse/onnxio"
)

var matMul = Def{
	Type: "MatMul", Since: []int64{1, 9, 13},
	Zero:  [][]int{{0}, {1}},
	Shape: func(c *Infer) error { return plainMatMul.shape(c, c.In(0).Elem) },
	Axes:  plainMatMul.axes, Cost: plainMatMul.cost, Linear: &Linear{Product: plainMatMul.product},
	Grad: func(g *Grad) error {
		p := product{x: g.I(0), y: g.I(1), a: g.In(0).Shape, b: g.In(1).Shape}
		dx, dy, err := p.grad(g, g.GO(0))
		g.GI(0, dx)
		g.GI(1, dy)
		return err
	},
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

func (f matMulForm) shape(c *Infer, elem onnxio.Elem) error {
	s, err := matMulShape(c.In(f.a).Shape, c.In(f.b).Shape)
	c.Out(0, elem, s)
	return err
}

func (f matMulForm) axes(a *Axes) error {
	x, y := make([]Ref, len(a.In(f.a).Shape)), make([]Ref, len(a.In(f.b).Shape))
	for k := range x {
		x[k] = In(f.a, k)
	}
	for k := range y {
		y[k] = In(f.b, k)
	}
	a.matMul(x, y)
	return nil
}

func (f matMulForm) cost(c *Infer) onnxio.Dim {
	s := c.In(f.a).Shape
	if len(s) == 0 {
		return onnxio.Known(0)
	}
	return c.OutType(0).Shape.Size().Mul(s[len(s)-1])
}

// matrices are two operands' shapes as matrices: a vector on the left is a
// row, one on the right a column.
func matrices(left, right onnxio.Shape) (a, b onnxio.Shape, err error) {
	a, b = left, right
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
		return nil, nil, fmt.Errorf("operands %v and %v do not fit: %v against %v", left, right, ka, kb)
	}
	return a, b, nil
}

func matMulShape(left, right onnxio.Shape) (onnxio.Shape, error) {
	a, b, err := matrices(left, right)
	if err != nil {
		return nil, err
	}
	s, err := Broadcast(a[:len(a)-2], b[:len(b)-2])
	if err != nil {
		return nil, err
	}
	if s == nil {
		s = onnxio.Shape{}
	}
	if len(left) > 1 {
		s = append(s, a[len(a)-2])
	}
	if len(right) > 1 {
		s = append(s, b[len(b)-1])
	}
	return s, nil
}

// matMul ties the axes of two operands of a matrix product and of output 0.
func (a *Axes) matMul(x, y []Ref) {
	if len(x) == 0 || len(y) == 0 {
		a.PinAll("an operand has no axes")
		return
	}
	a.Same(x[len(x)-1], y[max(len(y)-2, 0)])
	end := len(a.OutType(0).Shape)
	if len(y) > 1 {
		end--
		a.Same(Out(0, end), y[len(y)-1])
	}
	if len(x) > 1 {
		end--
		a.Same(Out(0, end), x[len(x)-2])
	}
	for _, operand := range [][]Ref{x, y} {
		batch := len(operand) - 2
		for k := range batch {
			a.alignedTo(Out(0, end-batch+k), operand[k])
		}
	}
}

// product is a matrix product of the values x and y of the shapes a and b.
type product struct {
	x, y string
	a, b onnxio.Shape
}

// grad is dA = dY·Bᵀ and dB = Aᵀ·dY over matrices, summed over the batch axes
// that were broadcast; "" where the node does not need it.
func (p product) grad(g *Grad, d string) (dx, dy string, err error) {
	a, b, err := matrices(p.a, p.b)
	if err != nil {
		return "", "", err
	}
	batch, err := Broadcast(a[:len(a)-2], b[:len(b)-2])
	if err != nil {
		return "", "", err
	}
	x, y := p.x, p.y
	if len(p.a) == 1 {
		x = g.Op("Unsqueeze", []string{x, g.List(0)})
		d = g.Op("Unsqueeze", []string{d, g.List(int64(len(batch)))})
	}
	if len(p.b) == 1 {
		y = g.Op("Unsqueeze", []string{y, g.List(1)})
		d = g.Op("Unsqueeze", []string{d, g.List(-1)})
	}
	full := func(rows, columns onnxio.Dim) onnxio.Shape { return append(batch.Clone(), rows, columns) }
	m, k, n := a[len(a)-2], a[len(a)-1], b[len(b)-1]
	if g.Needs(0) {
		dx = g.Unbroadcast(g.MatMulT(d, y), full(m, k), x, a)
		dx = g.vectorAgain(dx, p.x, p.a)
	}
	if !g.Needs(1) {
		return dx, "", nil
	}
	kn, kok := k.Value()
	nn, nok := n.Value()
	if len(b) == 2 && len(a) > 2 && kok && nok {
		// One product over batch and rows together.
		dy = g.Op("Gemm", []string{g.Reshape(x, -1, kn), g.Reshape(d, -1, nn)}, onnxio.Int("transA", 1))
	} else {
		dy = g.Unbroadcast(g.MatMulTA(x, d), full(k, n), y, b)
	}
	return dx, g.vectorAgain(dy, p.y, p.b), nil
}

// vectorAgain gives a gradient taken by a matrix the shape of the operand,
// which may be a vector.
func (g *Grad) vectorAgain(grad, operand string, shape onnxio.Shape) string {
	if len(shape) != 1 {
		return grad
	}
	return g.ReshapeLike(grad, operand, shape)
}
