package op

import (
	"fmt"

	"github.com/prunefuse/prunefuse/onnxio"
)

var batchNormalization = Def{
	Type: "BatchNormalization", Since: []int64{1, 6, 7, 9, 14, 15},
	Zero: [][]int{{1, 2}},
	Shape: func(c *Infer) error {
		if err := c.Rank(0, 2); err != nil {
			return err
		}
		if c.Node.Int("spatial", 1) == 0 {
			return fmt.Errorf("spatial=0 was dropped in opset 9; export the model anew")
		}
		for i := 1; i < 5; i++ {
			if s := c.In(i).Shape; len(s) != 1 || (s[0].IsKnown() && c.In(0).Shape[1].IsKnown() && s[0] != c.In(0).Shape[1]) {
				return fmt.Errorf("input %d (%q) has shape %v for %v channels", i, c.Node.Input(i), s, c.In(0).Shape[1])
			}
		}
		c.Out(0, c.In(0).Elem, c.In(0).Shape)
		for i := 1; i < len(c.Node.Outputs()); i++ {
			c.Out(i, c.In(3).Elem, c.In(3).Shape)
		}
		return nil
	},
	Axes: func(a *Axes) error {
		for k := range a.In(0).Shape {
			a.Same(In(0, k), Out(0, k))
			if k != 1 && OverBatch(a.Opset, a.Node) {
				a.Mixes(In(0, k))
			}
		}
		a.Same(In(0, 1), In(1, 0), In(2, 0), In(3, 0), In(4, 0))
		for i := 1; i < len(a.Node.Outputs()); i++ {
			a.Same(In(0, 1), Out(i, 0))
		}
		return nil
	},
	Grad: batchNormGrad, Cost: free, State: []int{3, 4}, Offsets: []Offset{{X: 0, By: 3, Scale: -1}}, Train: batchNormTrain, Decompose: batchNormDecomposition,
	Upgrade: func(u *Upgrade) error {
		if u.Node.Int("spatial", 1) == 0 {
			return fmt.Errorf("spatial=0 was dropped in opset 9; export the model anew")
		}
		u.Patch.DropAttr(u.Node, "spatial")
		if u.From < 14 && len(u.Node.Outputs()) > 1 {
			return dropStatistics(u)
		}
		return nil
	},
	Cases: []Case{
		{Name: "image", Inputs: []Input{X(3, 4, 2, 3), W(4), W(4), W(4), Pos(4)}},
		{Name: "features", Inputs: []Input{X(5, 4), W(4), W(4), W(4), Pos(4)}, Attrs: attrs(onnxio.Float("epsilon", 1e-3), onnxio.Float("momentum", 0.8))},
		{Name: "opset 9", Opset: 9, Inputs: []Input{X(2, 3, 4, 4), W(3), W(3), W(3), Pos(3)}},
		{Name: "computed statistics", Inputs: []Input{X(3, 4, 2), W(4), W(4), X(4), XPos(4)}, Fixed: true},
		{Name: "of a weight", Inputs: []Input{W(1, 4, 6), W(4), W(4), W(4), Pos(4)}, Attrs: attrs(onnxio.Int("training_mode", 1), onnxio.Float("momentum", 0.7)), Out: 3, Fixed: true},
		{Name: "volume", Inputs: []Input{X(2, 3, 2, 2, 2), W(3), W(3), W(3), Pos(3)}},
	},
}

// dropStatistics takes off the outputs that, before opset 14, marked a node
// exported in training mode, and whose number has changed since.
func dropStatistics(u *Upgrade) error {
	for _, o := range u.Node.Outputs()[1:] {
		if o != "" && (len(u.Graph.Consumers(o)) > 0 || u.Graph.IsOutput(o)) {
			return fmt.Errorf("output %q, a statistic of training mode, is read; export the model in evaluation mode", o)
		}
	}
	u.Patch.SetOutputs(u.Node, u.Node.Output(0))
	return nil
}

const batchNormEpsilon = 1e-5

// batchNormTrain normalises by the batch's own statistics and updates the
// running ones, the variance by its unbiased estimate as the frameworks do
// (the operator itself would take the biased one).
//
// ONNX Runtime writes the running statistics over the node's inputs 3 and 4,
// so each node is fed a pair of its own; with momentum 0 the outputs are the
// batch's mean and variance, which the gradient needs.
func batchNormTrain(t *Train) error {
	n := t.Node
	if !keepsStatistics(t.Infer) {
		t.Patch.Add(onnxio.NodeSpec{Op: n.Op(), Name: n.Name(), Inputs: n.Inputs(), Outputs: n.Outputs(), Attrs: n.Attrs()})
		return nil
	}
	if t.native(t.In(0)) {
		batchNormNative(t)
		return nil
	}
	c := t.In(1).Shape
	feeds := make([]string, 2)
	for i := range feeds {
		feeds[i] = t.Patch.Fresh(n.Output(0) + ".batch")
		t.Feeds[feeds[i]] = onnxio.Type{Elem: onnxio.Float32, Shape: c}
	}
	mean, variance := t.Patch.Fresh(n.Output(0)+".mean"), t.Patch.Fresh(n.Output(0)+".var")
	t.Patch.Add(onnxio.NodeSpec{
		Op: "BatchNormalization", Name: n.Name(),
		Inputs:  []string{n.Input(0), n.Input(1), n.Input(2), feeds[0], feeds[1]},
		Outputs: []string{n.Output(0), mean, variance},
		Attrs: []onnxio.Attr{
			onnxio.Float("epsilon", n.Float("epsilon", batchNormEpsilon)), onnxio.Float("momentum", 0), onnxio.Int("training_mode", 1),
		},
	})
	count := batchNormCount(t.Emit, t.Infer)
	t.Save("mean", mean)
	t.Save("var", variance)
	t.Save("count", count)
	rate := t.Scalar(1 - n.Float("momentum", 0.9))
	unbias := t.Div(count, t.Op("Max", []string{t.Sub(count, t.Scalar(1)), t.Scalar(1)}))
	for i, batch := range []string{mean, t.Mul(variance, unbias)} {
		running := n.Input(3 + i)
		if have, ok := t.Update[running]; ok {
			running = have // shared by two nodes: one update after the other
		}
		t.Update[n.Input(3+i)] = t.Add(running, t.Mul(rate, t.Sub(batch, running)))
	}
	return nil
}

// batchNormNative is the same as one node, which leaves its inputs alone.
func batchNormNative(t *Train) {
	n := t.Node
	in := []string{n.Input(0), n.Input(1), n.Input(2), n.Input(3), n.Input(4)}
	out := []string{n.Output(0)}
	for i, stem := range []string{".running_mean", ".running_var", ".mean", ".inverse"} {
		out = append(out, t.Patch.Fresh(n.Output(0)+stem))
		if i > 1 {
			continue
		}
		if have, ok := t.Update[in[3+i]]; ok {
			in[3+i] = have
		}
		t.Update[n.Input(3+i)] = out[1+i]
	}
	t.Patch.Add(onnxio.NodeSpec{
		Op: "BatchNormalization", Domain: Native, Name: n.Name(), Inputs: in, Outputs: out,
		Attrs: []onnxio.Attr{
			onnxio.Float("epsilon", n.Float("epsilon", batchNormEpsilon)), onnxio.Float("momentum", n.Float("momentum", 0.9)),
		},
	})
	t.Save("mean", out[3])
	t.Save("inverse", out[4])
}

// batchNormCount returns the number of elements each channel's statistics are
// taken over.
func batchNormCount(e *Emit, c *Infer) string {
	size := e.Op("Cast", []string{e.Op("Size", []string{c.Node.Input(0)})}, onnxio.Int("to", int64(onnxio.Float32)))
	return e.Div(size, e.Scalar(float32(c.In(1).Shape[0].Or(1))))
}

// batchNormGrad is the gradient through the batch's statistics (Ioffe &
// Szegedy 2015), written as dx = a·dy + b·x + c with one a, b and c a
// channel, so that only two passes over the activations are made. Where the
// node was not put into training mode it is an affine map.
func batchNormGrad(g *Grad) error {
	if inverse := g.Saved("inverse"); inverse != "" {
		d := g.Multi(Native, "BatchNormalizationGrad", 3, []string{g.GO(0), g.I(0), g.I(1), g.Saved("mean"), inverse})
		for i, grad := range d {
			g.GI(i, grad)
		}
		return nil
	}
	rank := len(g.In(0).Shape)
	axes := []int64{0}
	column := []int64{-1}
	for k := 2; k < rank; k++ {
		axes = append(axes, int64(k))
		column = append(column, 1)
	}
	mean, variance := g.Saved("mean"), g.Saved("var")
	training := mean != ""
	if !training {
		mean, variance = g.I(3), g.I(4)
	}
	x, dy := g.I(0), g.GO(0)
	per := func(v string) string {
		if rank == 2 {
			return v
		}
		return g.Reshape(v, column...)
	}
	eps := g.Scalar(g.Node.Float("epsilon", batchNormEpsilon))
	inv := g.Op("Reciprocal", []string{g.Op("Sqrt", []string{g.Add(variance, eps)})})
	a := g.Mul(g.I(1), inv)
	if !training && !g.Needs(1) && !g.Needs(2) {
		g.GI(0, g.Mul(dy, per(a)))
		return nil
	}
	sumDy := g.Sum(dy, false, axes...)
	sumDyX := g.Sum(g.Mul(dy, x), false, axes...)
	dScale := g.Mul(g.Sub(sumDyX, g.Mul(mean, sumDy)), inv)
	g.GI(1, dScale)
	g.GI(2, sumDy)
	if !g.Needs(0) {
		return nil
	}
	if !training {
		g.GI(0, g.Mul(dy, per(a)))
		return nil
	}
	aOver := g.Div(a, g.Saved("count"))
	b := g.Mul(g.Mul(aOver, inv), dScale)           // minus the coefficient of x
	c := g.Sub(g.Mul(b, mean), g.Mul(aOver, sumDy)) // the constant
	g.GI(0, g.Add(g.Mul(dy, per(a)), g.Sub(per(c), g.Mul(x, per(b)))))
	return nil
}
