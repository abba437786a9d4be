package rewrite

import (
	"bytes"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
)

// openShapes has every node that holds the batch as a number read it off its
// input, as far as the samples may lie along the first axis. At the batch that
// the model states this changes nothing. Whether it keeps the samples apart at
// another is for the caller to find out.
func openShapes(m *onnxio.Model) (*onnxio.Model, error) {
	out := m.Clone()
	facts, err := op.InferGraph(out, op.InferOptions{})
	if err != nil {
		return out, nil
	}
	batch, _ := fixedBatch(m)
	o := &opening{g: out.Graph, p: out.Graph.Edit(), facts: facts, batch: batch.Or(1), fed: map[string]bool{}}
	o.emit = op.NewEmit(o.p, facts.Opset, "batch.")
	for _, v := range out.Graph.Inputs() {
		o.fed[v.Name] = true
	}
	for _, n := range out.Graph.Nodes() {
		if !o.reads(n) || n.Domain() != "" {
			continue
		}
		switch n.Op() {
		case "Reshape":
			o.reshape(n)
		case "Concat":
			err = o.concat(n)
		case "Expand":
			o.sizes(n, 1)
		case "Resize":
			o.sizes(n, 3)
		}
		if err != nil {
			return nil, err
		}
	}
	return out, o.p.Apply()
}

// opening is the work on one graph.
type opening struct {
	g     *onnxio.Graph
	p     *onnxio.Patch
	emit  *op.Emit
	facts *op.Facts
	batch int64
	fed   map[string]bool // values that are made of the inputs
	size  string          // the number of samples, a list of one
}

// reads reports whether a node reads what is made of the inputs.
func (o *opening) reads(n *onnxio.Node) (fed bool) {
	for _, in := range n.Inputs() {
		fed = fed || o.fed[in]
	}
	for _, out := range n.Outputs() {
		o.fed[out] = o.fed[out] || fed
	}
	return fed
}

// reshape copies the first extent where it is that of the input.
func (o *opening) reshape(n *onnxio.Node) {
	to, known := o.list(n, 1)
	from := o.facts.Types[n.Input(0)].Shape
	if known && len(from) > 0 && to[0] > 0 && from[0].Is(to[0]) && n.Int("allowzero", 0) == 0 {
		to[0] = 0
		o.p.SetInput(n, 1, o.emit.List(to...))
	}
}

// sizes reads the first of a list of extents off the input.
func (o *opening) sizes(n *onnxio.Node, slot int) {
	to, known := o.list(n, slot)
	from := o.facts.Types[n.Input(0)].Shape
	if !known || len(from) != len(to) || !(from[0].Is(o.batch) || from[0].Is(1)) || to[0] != o.batch {
		return
	}
	o.p.SetInput(n, slot, o.emit.Concat(0, o.samples(), o.emit.List(to[1:]...)))
}

// concat repeats a constant that is the same for every sample as often as there
// are samples.
func (o *opening) concat(n *onnxio.Node) error {
	rank := len(o.facts.Types[n.Output(0)].Shape)
	if axis := n.Int("axis", 0); axis == 0 || axis == -int64(rank) {
		return nil
	}
	for i, in := range n.Inputs() {
		if e := o.g.Producer(in); e != nil && e.Op() == "Expand" && !o.fed[in] {
			o.sizes(e, 1)
			continue
		}
		t, _ := o.g.Constant(in)
		if t == nil || t.Rank() != rank || rank == 0 || t.Dims()[0] != o.batch {
			continue
		}
		row, err := t.Take(0, []int{0})
		if err != nil {
			return err
		}
		all, err := t.Take(0, make([]int, o.batch))
		if err != nil {
			return err
		}
		same, err := equal(t, all)
		if err != nil {
			return err
		}
		if !same {
			continue
		}
		row = row.Renamed(o.p.Fresh(in + ".row"))
		o.p.SetInitializer(row)
		o.p.SetInput(n, i, o.emit.Op("Expand", []string{row.Name(), o.emit.Concat(0, o.samples(), o.emit.List(t.Dims()[1:]...))}))
	}
	return nil
}

func equal(x, y *onnxio.Tensor) (bool, error) {
	a, err := x.Bytes()
	if err != nil {
		return false, err
	}
	b, err := y.Bytes()
	return bytes.Equal(a, b), err
}

// list is a constant list of numbers that a node reads.
func (o *opening) list(n *onnxio.Node, slot int) ([]int64, bool) {
	if slot >= len(n.Inputs()) || n.Input(slot) == "" {
		return nil, false
	}
	to, known := onnxio.Shape(o.facts.Values[n.Input(slot)]).Ints()
	c, _ := o.g.Constant(n.Input(slot))
	return to, known && c != nil && len(to) > 0
}

// samples is how many there are.
func (o *opening) samples() string {
	if o.size == "" {
		x := o.g.Inputs()[0].Name
		o.size = o.emit.Op("Gather", []string{o.emit.Op("Shape", []string{x}), o.emit.List(0)}, onnxio.Int("axis", 0))
	}
	return o.size
}
