package op

import "github.com/prunefuse/prunefuse/onnxio"

// A MatMul of operands whose axes are exchanged first, times a factor.
var fusedMatMul = Def{
	Type: "FusedMatMul", Domain: Microsoft, Since: []int64{1},
	Zero: [][]int{{0}, {1}},
	Shape: func(c *Infer) error {
		a, b := permuted(c, 0), permuted(c, 1)
		s, err := matMulShape(a, b)
		c.Out(0, c.In(0).Elem, s)
		return err
	},
	Axes: func(a *Axes) error {
		var refs [2][]Ref
		for i := range refs {
			for _, k := range exchanged(a.Infer, i) {
				refs[i] = append(refs[i], In(i, int(k)))
			}
		}
		a.matMul(refs[0], refs[1])
		return nil
	},
	Cost: func(c *Infer) onnxio.Dim {
		a := permuted(c, 0)
		if len(a) == 0 {
			return onnxio.Known(0)
		}
		return c.OutType(0).Shape.Size().Mul(a[len(a)-1])
	},
	Grad: fusedMatMulGrad, Linear: &Linear{Product: fusedMatMulProduct},
	Cases: []Case{
		{Name: "plain", Inputs: []Input{X(2, 3, 4), W(4, 5)}},
		{Name: "scaled", Inputs: []Input{X(2, 3, 4), X(2, 4, 5)}, Attrs: attrs(onnxio.Float("alpha", 0.5))},
		{Name: "left transposed", Inputs: []Input{X(2, 4, 3), X(2, 4, 5)}, Attrs: attrs(onnxio.Int("transA", 1))},
		{Name: "right transposed", Inputs: []Input{X(2, 3, 4), W(5, 4)}, Attrs: attrs(onnxio.Int("transB", 1))},
		{Name: "both transposed", Inputs: []Input{X(2, 2, 4, 3), X(2, 2, 5, 4)}, Attrs: attrs(onnxio.Int("transA", 1), onnxio.Int("transB", 1), onnxio.Float("alpha", 2))},
		{Name: "left batch inside", Inputs: []Input{X(3, 2, 4), X(2, 4, 5)}, Attrs: attrs(onnxio.Int("transBatchA", 1))},
		{Name: "right batch inside", Inputs: []Input{X(2, 3, 3, 4), X(4, 2, 3, 5)}, Attrs: attrs(onnxio.Int("transBatchB", 1))},
		{Name: "both batches inside, transposed", Inputs: []Input{X(4, 2, 3), X(5, 2, 4)}, Attrs: attrs(onnxio.Int("transBatchA", 1), onnxio.Int("transBatchB", 1), onnxio.Int("transA", 1), onnxio.Int("transB", 1))},
		{Name: "vector on the right", Inputs: []Input{X(2, 3, 4), W(4)}},
	},
}

// exchanged returns the order in which an operand's axes are multiplied.
// transBatch says that the first axis belongs behind the batch, trans that the
// last two then change places. A vector stays.
func exchanged(c *Infer, operand int) []int64 {
	name := []string{"A", "B"}[operand]
	n := len(c.In(operand).Shape)
	order := make([]int64, n)
	for k := range order {
		order[k] = int64(k)
	}
	if n < 2 {
		return order
	}
	if c.Node.Int("transBatch"+name, 0) != 0 {
		for k := range n - 2 {
			order[k] = int64(k + 1)
		}
		order[n-2] = 0
	}
	if c.Node.Int("trans"+name, 0) != 0 {
		order[n-2], order[n-1] = order[n-1], order[n-2]
	}
	return order
}

// permuted returns the shape of an operand with its axes in that order.
func permuted(c *Infer, operand int) onnxio.Shape {
	var s onnxio.Shape
	for _, k := range exchanged(c, operand) {
		s = append(s, c.In(operand).Shape[k])
	}
	return s
}

func fusedMatMulGrad(g *Grad) error {
	p := product{x: g.I(0), y: g.I(1), a: permuted(g.Infer, 0), b: permuted(g.Infer, 1)}
	orders := [2][]int64{exchanged(g.Infer, 0), exchanged(g.Infer, 1)}
	p.x, p.y = g.permute(p.x, orders[0]), g.permute(p.y, orders[1])
	d := g.GO(0)
	if alpha := g.Node.Float("alpha", 1); alpha != 1 {
		d = g.Mul(d, g.Scalar(alpha))
	}
	dx, dy, err := p.grad(g, d)
	if err != nil {
		return err
	}
	for i, grad := range []string{dx, dy} {
		if g.Needs(i) {
			back := make([]int64, len(orders[i]))
			for k, at := range orders[i] {
				back[at] = int64(k)
			}
			g.GI(i, g.permute(grad, back))
		}
	}
	return nil
}

// permute transposes x where the order is another than its own.
func (g *Grad) permute(x string, order []int64) string {
	for k, at := range order {
		if int64(k) != at {
			return g.Transpose(x, order...)
		}
	}
	return x
}
