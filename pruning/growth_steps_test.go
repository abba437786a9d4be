package pruning_test

import (
	"math"
	"slices"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
)

// anyCase applies a case of any operator.
func (g *growth) anyCase() bool {
	for range 20 {
		d := &drawable[g.rng.IntN(len(drawable))]
		c := &d.Cases[g.rng.IntN(len(d.Cases))]
		if valid(d, c, g.opset) {
			return g.apply(d, c)
		}
	}
	return false
}

// apply makes a node of a case: what the case feeds is taken from the pool.
func (g *growth) apply(d *op.Def, c *op.Case) bool {
	node := onnxio.NodeSpec{Op: d.Type, Domain: d.Domain, Attrs: c.Attrs}
	for i, in := range c.Inputs {
		name, ok := "", true
		switch {
		case in.Absent:
		case slices.Contains(in.Shape, 0) && !in.Const:
			return false
		case in.Const || (in.Ints != nil && in.Elem != onnxio.Bool):
			name = g.fresh()
			g.p.SetInitializer(c.Tensor(d, i).Renamed(name))
		default:
			name, ok = g.feed(d, in)
		}
		if !ok {
			return false
		}
		node.Inputs = append(node.Inputs, name)
	}
	var outs []string
	for i := range max(c.Out, 1) {
		name := ""
		if !slices.Contains(c.Without, i) {
			name = g.fresh()
			outs = append(outs, name)
		}
		node.Outputs = append(node.Outputs, name)
	}
	g.p.Add(node)
	for _, v := range outs {
		// What is not float becomes so; the rest is kept within bounds.
		v = g.op("Cast", []string{v}, onnxio.Int("to", int64(onnxio.Float32)))
		g.give(g.op(pick(g.rng, []string{"Tanh", "Softsign"}), []string{v}))
	}
	return true
}

// poles are the operators that are given values above zero, as they have none
// or great slopes at zero.
var poles = []string{"Div", "Reciprocal", "Pow", "Mod", "Log"}

// feed is a value from the pool with the shape, the element type and the
// range of a case's input.
func (g *growth) feed(d *op.Def, in op.Input) (string, bool) {
	want := slices.Clone(in.Shape)
	if g.batch == free {
		if len(want) == 0 {
			return "", false
		}
		want[0] = free
	}
	v := g.fit(g.take(), want)
	low, high := bounds(in.Floats)
	switch {
	case in.Positive || slices.Contains(poles, d.Type):
		low, high = 0.5, 2
	case in.Elem.Int():
		low, high = 0, 90
	}
	if low == high { // the one element of a scalar
		low, high = low-0.05, low+0.05
	}
	if low < high {
		width, from := g.scalar(high-low), g.scalar(low)
		v = g.op("Add", []string{g.op("Mul", []string{g.op("Sigmoid", []string{v}), width}), from})
	}
	switch {
	case in.Elem == onnxio.Bool:
		v = g.op("Greater", []string{v, g.scalar(0)})
	case in.Elem != onnxio.Float32:
		v = g.op("Cast", []string{v}, onnxio.Int("to", int64(in.Elem)))
	}
	return v, true
}

// bounds are the least and the greatest of the finite values.
func bounds(v []float32) (low, high float32) {
	low, high = math.MaxFloat32, -math.MaxFloat32
	for _, x := range v {
		if !math.IsInf(float64(x), 0) && x == x {
			low, high = min(low, x), max(high, x)
		}
	}
	return low, high
}

// block adds a part of a few nodes that networks are built of.
func (g *growth) block(kind int) bool {
	switch kind {
	case 0:
		g.give(g.joined())
	case 1:
		g.give(g.convolved())
	case 2:
		g.give(g.normalised())
	case 3:
		g.give(g.attended())
	default:
		g.give(g.rearranged())
	}
	return true
}

// joined is two values combined, the second one broadcast along some axes,
// or put side by side.
func (g *growth) joined() string {
	v, u := g.take(), g.take()
	dims := slices.Clone(g.dims[v])
	if len(dims) == 0 {
		return g.op("Neg", []string{v})
	}
	low := 0
	if g.batch == free {
		low = 1
	}
	if k := low + g.rng.IntN(len(dims)); k < len(dims) && g.rng.IntN(2) == 0 {
		dims[k] = 1 + g.rng.Int64N(4)
		parts := []string{v, g.fit(u, dims)}
		if g.rng.IntN(3) == 0 {
			parts = append(parts, v)
		}
		return g.op("Concat", parts, onnxio.Int("axis", int64(k)))
	}
	for k := low; k < len(dims); k++ {
		if g.rng.IntN(3) == 0 {
			dims[k] = 1
		}
	}
	in := []string{v, g.fit(u, dims)}
	if g.rng.IntN(2) == 0 {
		slices.Reverse(in)
	}
	return g.op(pick(g.rng, []string{"Add", "Mul", "Sub", "Sum", "Mean"}), in)
}

// image brings a value to a map of channels.
func (g *growth) image(channels int64) string {
	return g.fit(g.take(), []int64{g.batch, channels, 4, 5})
}

// convolved is a convolution of any number of groups, normalised, and perhaps
// with what it read added to it.
func (g *growth) convolved() string {
	x := g.image(12)
	group := pick(g.rng, []int64{1, 1, 2, 3, 4, 12})
	times := pick(g.rng, []int64{1, 1, 2})
	y := g.op("Conv", []string{x, g.weight(12*times, 12/group, 3, 3), g.weight(12 * times)}, onnxio.Ints("pads", 1, 1, 1, 1), onnxio.Int("group", group))
	if g.rng.IntN(2) == 0 {
		scale, shift, mean, variance := g.weight(12*times), g.weight(12*times), g.weight(12*times), g.op("Exp", []string{g.weight(12 * times)})
		y = g.op("BatchNormalization", []string{y, scale, shift, mean, variance})
	}
	y = g.op("Relu", []string{y})
	if times == 1 && g.rng.IntN(2) == 0 {
		y = g.op("Add", []string{x, y})
	}
	return g.op("Tanh", []string{y})
}

// over reduces axes, which became an input with opset 18.
func (g *growth) over(kind, v string, axes ...int64) string {
	if g.opset < 18 {
		return g.op(kind, []string{v}, onnxio.Ints("axes", axes...), onnxio.Int("keepdims", 1))
	}
	return g.op(kind, []string{v, g.list(axes...)}, onnxio.Int("keepdims", 1))
}

// normalised takes the mean off and divides by the deviation along an axis.
func (g *growth) normalised() string {
	v := g.take()
	if len(g.dims[v]) < 2 {
		v = g.fit(v, []int64{g.batch, 6})
	}
	k := int64(1 + g.rng.IntN(len(g.dims[v])-1))
	centred := g.op("Sub", []string{v, g.over("ReduceMean", v, k)})
	variance := g.over("ReduceMean", g.op("Mul", []string{centred, centred}), k)
	deviation := g.op("Sqrt", []string{g.op("Add", []string{variance, g.scalar(0.1)})})
	return g.op("Mul", []string{g.op("Div", []string{centred, deviation}), g.weight(g.dims[v][len(g.dims[v])-1])})
}

// attended is attention of several heads over 5 tokens, added to them.
func (g *growth) attended() string {
	heads, width := pick(g.rng, []int64{2, 3, 4}), pick(g.rng, []int64{2, 3, 6})
	x := g.fit(g.take(), []int64{g.batch, 5, 7})
	var parts []string
	for _, perm := range [][]int64{{0, 2, 1, 3}, {0, 2, 3, 1}, {0, 2, 1, 3}} {
		y := g.op("Add", []string{g.made([]int64{g.batch, 5, heads * width}, "MatMul", []string{x, g.weight(7, heads*width)}), g.weight(heads * width)})
		y = g.reshape(y, []int64{g.batch, 5, heads, width})
		parts = append(parts, g.op("Transpose", []string{y}, onnxio.Ints("perm", perm...)))
	}
	weights := g.op("Softmax", []string{g.op("MatMul", parts[:2])}, onnxio.Int("axis", 3))
	o := g.op("Transpose", []string{g.op("MatMul", []string{weights, parts[2]})}, onnxio.Ints("perm", 0, 2, 1, 3))
	o = g.op("MatMul", []string{g.reshape(o, []int64{g.batch, 5, heads * width}), g.weight(heads*width, 7)})
	return g.op("Add", []string{o, x})
}

// rearranged is a map whose channels are shuffled, or whose halves change
// places.
func (g *growth) rearranged() string {
	x := g.image(12)
	if g.rng.IntN(2) == 0 {
		groups := pick(g.rng, []int64{2, 3, 4})
		y := g.reshape(x, []int64{g.batch, groups, 12 / groups, 4, 5})
		y = g.op("Transpose", []string{y}, onnxio.Ints("perm", 0, 2, 1, 3, 4))
		return g.reshape(y, []int64{g.batch, 12, 4, 5})
	}
	at := 1 + g.rng.Int64N(11)
	in, attrs := []string{x}, []onnxio.Attr{onnxio.Int("axis", 1)}
	if g.opset < 13 {
		attrs = append(attrs, onnxio.Ints("split", at, 12-at))
	} else {
		in = append(in, g.list(at, 12-at))
	}
	first, second := g.fresh(), g.fresh()
	g.p.Add(onnxio.NodeSpec{Op: "Split", Inputs: in, Outputs: []string{first, second}, Attrs: attrs})
	return g.op("Concat", []string{second, g.op("Relu", []string{first}), second}, onnxio.Int("axis", 1))
}
