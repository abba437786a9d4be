package op_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
)

// TestNeverPanics runs the rules over nodes that fit their operators badly:
// inputs missing, too many, of the wrong rank or type, attributes with
// extreme values. Each must end in a result or an error.
func TestNeverPanics(t *testing.T) {
	t.Parallel()
	const rounds = 200
	for _, d := range op.Table() {
		t.Run(d.Type, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(7, uint64(len(d.Type))))
			for range rounds {
				c := d.Cases[rng.IntN(len(d.Cases))]
				abuse(&d, disturbed(c, rng), rng)
			}
		})
	}
}

// disturbed returns a case with its inputs and attributes changed at random.
func disturbed(c op.Case, rng *rand.Rand) op.Case {
	strange := []int64{0, 1, -1, 2, 3, 7, -5, 1 << 40, math.MaxInt64, math.MinInt64}
	inputs := append([]op.Input(nil), c.Inputs...)
	for i := range inputs {
		switch rng.IntN(8) {
		case 0:
			inputs[i] = op.None()
		case 1:
			inputs[i] = op.X([]int64{3, 2, 0, 1, 4}[:rng.IntN(6)]...)
		case 2:
			v := make([]int64, rng.IntN(4))
			for k := range v {
				v[k] = strange[rng.IntN(len(strange))]
			}
			inputs[i] = op.I64(v...)
		case 3:
			inputs[i].Const = !inputs[i].Const
		}
	}
	if rng.IntN(4) == 0 {
		inputs = inputs[:rng.IntN(len(inputs)+1)]
	}
	if rng.IntN(4) == 0 {
		inputs = append(inputs, op.I64(1, 2))
	}
	c.Inputs = inputs
	attrs := append([]onnxio.Attr(nil), c.Attrs...)
	for _, name := range []string{
		"axis", "axes", "perm", "kernel_shape", "strides", "pads", "dilations", "group", "to", "start", "end", "starts", "ends", "split",
		"num_outputs", "keepdims", "ceil_mode", "transA", "num_groups", "size", "p", "k", "stash_type",
	} {
		switch rng.IntN(12) {
		case 0:
			attrs = append([]onnxio.Attr{onnxio.Int(name, strange[rng.IntN(len(strange))])}, attrs...)
		case 1:
			v := make([]int64, rng.IntN(5))
			for k := range v {
				v[k] = strange[rng.IntN(len(strange))]
			}
			attrs = append([]onnxio.Attr{onnxio.Ints(name, v...)}, attrs...)
		}
	}
	c.Attrs = attrs
	if rng.IntN(3) == 0 {
		c.Opset = []int64{7, 9, 11, 13, 18, 21}[rng.IntN(6)]
	}
	return c
}

// abuse runs every facet that does not need the runtime.
func abuse(d *op.Def, c op.Case, rng *rand.Rand) {
	m, err := c.Model(d)
	if err != nil {
		return
	}
	bound := map[string]onnxio.Shape{}
	for _, v := range m.Graph.Inputs() {
		if len(v.Type.Shape) > 0 && rng.IntN(2) == 0 {
			s := v.Type.Shape.Clone()
			s[rng.IntN(len(s))] = onnxio.Symbol("N")
			bound[v.Name] = s
		}
	}
	f, err := op.InferGraph(m, op.InferOptions{Inputs: bound})
	if err != nil {
		return
	}
	_ = op.Count(m, f)
	for _, n := range m.Graph.Nodes() {
		_, _ = op.NewAxes(f, m.Graph, n)
	}
	_, _ = op.Fold(m)
	_, _ = op.Lift(m)
	p := onnxio.New("").Graph.Edit()
	back := op.NewDerivative(op.NewEmit(p, 17, ""), f, m.Graph)
	if m.Opset("") < op.TrainOpset {
		return
	}
	if _, err := back.Forward(); err != nil {
		return
	}
	seeds := map[string]string{}
	for _, v := range m.Graph.Outputs() {
		seeds[v.Name] = "seed"
	}
	for _, typ := range f.Types {
		for _, d := range typ.Shape {
			if d.Or(0) > 1<<10 {
				return // nobody trains what no runtime can hold
			}
		}
	}
	var wrt []string
	for _, n := range m.Graph.Nodes() {
		for _, in := range n.Inputs() {
			if in != "" && f.Types[in].Elem.Float() {
				wrt = append(wrt, in)
			}
		}
	}
	_, _ = back.Backward(seeds, wrt)
}
