package optest

import (
	"slices"
	"testing"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
	"github.com/prunefuse/prunefuse/onnxio/ort"
)

// product checks that the output without its bias is the sum that the
// definition says, of every operand that it says one of.
func product(t *testing.T, d *op.Def, c *op.Case, m *onnxio.Model) {
	f, err := op.InferGraph(m, op.InferOptions{})
	if err != nil {
		t.Fatal(err)
	}
	w := with{t: t, d: d, c: c, s: open(t, fed(t, m))}
	said := false
	for operand := range 2 {
		p, err := op.ProductOf(&op.Infer{Facts: f, Node: m.Graph.Nodes()[0], Graph: m.Graph}, operand)
		if err != nil {
			continue
		}
		said = true
		in := feeds(t, d, c)
		x, weight := in[c.Tensor(d, p.X).Name()], in[c.Tensor(d, p.W).Name()]
		dims := runSession(t, w.s, in)[0].Shape()
		without := w.output(scaled(p.W, 0))
		l := p.At(x.Shape(), weight.Shape())
		rows := make([]float32, p.Groups*l.Features)
		for i, y := range w.output(nil) {
			place := indices(i, dims)
			l.Row(rows, ort.Data[float32](x), place)
			group, sum := int(place[p.Sum])/l.Sums, int(place[p.Sum])%l.Sums
			want := without[i]
			for k, v := range rows[group*l.Features:][:l.Features] {
				want += p.Factor * float64(v) * float64(ort.Data[float32](weight)[l.Weight(group, k, sum)])
			}
			near(t, "the sum at a place", y, want)
		}
	}
	if !said && !slices.Contains([]string{"MatMul", "FusedMatMul"}, d.Type) {
		t.Error("it says of no operand what the sums are")
	}
}

// indices are those of an element, by axis.
func indices(at int, dims []int64) []int64 {
	out := make([]int64, len(dims))
	for k := len(dims) - 1; k >= 0; k-- {
		out[k] = int64(at) % dims[k]
		at /= int(dims[k])
	}
	return out
}
