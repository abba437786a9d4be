package pruning

import (
	"context"

	"github.com/prunefuse/prunefuse/internal/ridge"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
	"github.com/prunefuse/prunefuse/onnxio/ort"
)

// normal sums up the normal equations of several groups of features and
// targets. The products are the runtime's, in float64.
type normal struct {
	groups, d, m int
	s            *ort.Session
	sums         []*ridge.Sums
	// Rows that are not summed up, [group][row][d+1] and [group][row][m].
	x, y [][]float32
	rows int
}

// fewestRows are taken at a time at least, so that the products are worth
// their outputs.
const fewestRows = 1024

func newNormal(ctx context.Context, groups, d, m int, o ort.SessionOptions) (*normal, error) {
	model, err := products(groups, d, m)
	if err != nil {
		return nil, err
	}
	o.Outputs = nil
	s, err := ort.SessionOf(ctx, model, o)
	if err != nil {
		return nil, err
	}
	n := &normal{groups: groups, d: d, m: m, s: s}
	for range groups {
		n.sums = append(n.sums, ridge.NewSums(d, m))
	}
	return n, nil
}

// products is a model of XᵀX, XᵀY and the squares of Y, group by group.
func products(groups, d, m int) (*onnxio.Model, error) {
	model := onnxio.New("normal")
	p := model.Graph.Edit()
	e := op.NewEmit(p, onnxio.NewOpset, "n.")
	g, n := onnxio.Known(int64(groups)), onnxio.Symbol("rows")
	of := func(elem onnxio.Elem, dims ...onnxio.Dim) onnxio.Type { return onnxio.Type{Elem: elem, Shape: dims} }
	wide, narrow := onnxio.Known(int64(d+1)), onnxio.Known(int64(m))
	p.SetInputType("x", of(onnxio.Float32, g, n, wide))
	p.SetInputType("y", of(onnxio.Float32, g, n, narrow))
	double := func(v string) string { return e.Op("Cast", []string{v}, onnxio.Int("to", int64(onnxio.Float64))) }
	x, y := double("x"), double("y")
	xt := e.Op("Transpose", []string{x}, onnxio.Ints("perm", 0, 2, 1))
	e.Into("xx", "MatMul", []string{xt, x})
	e.Into("xy", "MatMul", []string{xt, y})
	e.Into("yy", "ReduceSum", []string{e.Square(y), e.List(1)}, onnxio.Int("keepdims", 0))
	p.SetOutputType("xx", of(onnxio.Float64, g, wide, wide))
	p.SetOutputType("xy", of(onnxio.Float64, g, wide, narrow))
	p.SetOutputType("yy", of(onnxio.Float64, g, narrow))
	return model, p.Apply()
}

// row makes room for another row; the caller writes it. The last feature is
// the one of the constants.
func (n *normal) row() (x, y [][]float32) {
	if n.x == nil {
		n.x, n.y = make([][]float32, n.groups), make([][]float32, n.groups)
	}
	n.rows++
	x, y = make([][]float32, n.groups), make([][]float32, n.groups)
	for g := range n.groups {
		n.x[g] = extend(n.x[g], n.d+1)
		n.y[g] = extend(n.y[g], n.m)
		x[g], y[g] = n.x[g][len(n.x[g])-n.d-1:], n.y[g][len(n.y[g])-n.m:]
		x[g][n.d] = 1
		x[g] = x[g][:n.d]
	}
	return x, y
}

func extend(v []float32, by int) []float32 {
	if n := len(v) + by; n <= cap(v) {
		return v[:n]
	}
	return append(v, make([]float32, by)...)
}

// full reports whether the rows should be summed up.
func (n *normal) full() bool { return n.rows >= max(fewestRows, 2*n.d) }

// flush sums up the rows.
func (n *normal) flush(ctx context.Context) error {
	if n.rows == 0 {
		return nil
	}
	flat := func(rows [][]float32, width int) (*ort.Tensor, error) {
		dims := []int64{int64(n.groups), int64(n.rows), int64(width)}
		if n.groups == 1 {
			return ort.NewTensor(dims, rows[0])
		}
		all := make([]float32, 0, n.groups*n.rows*width)
		for _, r := range rows {
			all = append(all, r...)
		}
		return ort.NewTensor(dims, all)
	}
	x, err := flat(n.x, n.d+1)
	if err != nil {
		return err
	}
	defer x.Close()
	y, err := flat(n.y, n.m)
	if err != nil {
		return err
	}
	defer y.Close()
	out := make([]*ort.Tensor, 3)
	if err := n.s.Run(ctx, []*ort.Tensor{x, y}, out); err != nil {
		return err
	}
	sizes := [3]int{(n.d + 1) * (n.d + 1), (n.d + 1) * n.m, n.m}
	for g, s := range n.sums {
		at := func(i int) []float64 { return ort.Data[float64](out[i])[g*sizes[i]:][:sizes[i]] }
		s.Add(n.rows, at(0), at(1), at(2))
	}
	for g := range n.x {
		n.x[g], n.y[g] = n.x[g][:0], n.y[g][:0]
	}
	n.rows = 0
	for _, t := range out {
		if err := t.Close(); err != nil {
			return err
		}
	}
	return nil
}
