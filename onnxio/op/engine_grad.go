package op

import (
	"errors"
	"fmt"

	"github.com/prunefuse/prunefuse/onnxio"
)

// Grad is what a gradient rule sees of one node, and where it writes the
// node's vector-Jacobian product. In the words of the field: I and O are
// inputs and outputs, GO is the gradient that arrives at an output, GI the
// one that leaves at an input.
type Grad struct {
	*Emit
	*Infer
	arriving map[string]string // gradient by value
	needed   map[string]bool   // values whose gradient is wanted
	saved    map[string]string // what the training form keeps for the gradient
	out      []contribution
}

type contribution struct{ value, grad string }

// I returns the i-th input.
func (g *Grad) I(i int) string { return g.Node.Input(i) }

// O returns the i-th output.
func (g *Grad) O(i int) string { return g.Node.Output(i) }

// GO returns the gradient of the loss by output i, "" when none arrives.
func (g *Grad) GO(i int) string { return g.arriving[g.O(i)] }

// Needs reports whether the gradient by input i is wanted.
func (g *Grad) Needs(i int) bool { return g.I(i) != "" && g.needed[g.I(i)] }

// GI states the gradient by input i, of that input's shape.
func (g *Grad) GI(i int, grad string) {
	if g.Needs(i) {
		g.out = append(g.out, contribution{g.I(i), grad})
	}
}

// GIBroadcast states the gradient by input i given with the shape of output
// 0, to which the input was broadcast: it is summed over the axes that were.
func (g *Grad) GIBroadcast(i int, grad string) {
	if g.Needs(i) {
		g.GI(i, g.Unbroadcast(grad, g.OutType(0).Shape, g.I(i), g.In(i).Shape))
	}
}

// Unbroadcast sums a value of shape from down to the shape to of the value
// like, undoing ONNX's broadcasting.
func (g *Grad) Unbroadcast(x string, from onnxio.Shape, like string, to onnxio.Shape) string {
	off := len(from) - len(to)
	var axes []int64
	for k, d := range from {
		if k < off || (to[k-off].Is(1) && !d.Is(1)) {
			axes = append(axes, int64(k))
		}
	}
	if len(axes) == 0 {
		return x
	}
	keep := off == 0
	x = g.Sum(x, keep, axes...)
	if !keep && len(axes) > off {
		x = g.ReshapeLike(x, like, to)
	}
	return x
}

// Saved returns a value that the node's training form kept under a key.
func (g *Grad) Saved(key string) string { return g.saved[g.O(0)+"\x00"+key] }

// Train is what a training rule sees: the node is written by the rule
// instead of being copied.
type Train struct {
	*Emit
	*Infer
	saved map[string]string
	// Update collects the new values of running statistics, by initializer.
	Update map[string]string
	// Feeds collects tensors that must be fed at every step, each its own.
	Feeds map[string]onnxio.Type
	// Uniform collects tensors that must be fed at every step with new draws
	// from [0, 1).
	Uniform map[string]onnxio.Type
}

// Save keeps a value for the gradient rule of the same node.
func (t *Train) Save(key, value string) { t.saved[t.Node.Output(0)+"\x00"+key] = value }

// Derivative differentiates the nodes of a forward graph that is being
// written into a training graph.
type Derivative struct {
	Emit  *Emit
	Facts *Facts        // of the forward graph
	Graph *onnxio.Graph // the forward graph
	saved map[string]string
}

// NewDerivative starts with the forward graph whose facts are f, writing
// through e.
func NewDerivative(e *Emit, f *Facts, g *onnxio.Graph) *Derivative {
	return &Derivative{Emit: e, Facts: f, Graph: g, saved: map[string]string{}}
}

// Training is what the training forms of a graph's nodes ask for.
type Training struct {
	Update map[string]string      // new running statistics, by initializer
	Feeds  map[string]onnxio.Type // tensors to feed, zero-filled, each its own
	// Uniform are tensors to feed with new draws from [0, 1) at every step,
	// such as a Dropout's; a symbolic extent is that of the batch.
	Uniform map[string]onnxio.Type
}

func newTraining() *Training {
	return &Training{Update: map[string]string{}, Feeds: map[string]onnxio.Type{}, Uniform: map[string]onnxio.Type{}}
}

// Forward writes the nodes of the graph in their training form.
func (d *Derivative) Forward() (*Training, error) {
	t := newTraining()
	for _, n := range d.Graph.Nodes() {
		def := Lookup(n, d.Facts.Opset)
		if def == nil {
			return nil, &UnsupportedError{n.String(), n.Op(), d.Facts.Opset, "definition", "it is not in the operator table (see `prunefuse ops`)"}
		}
		if def.Train == nil {
			d.Emit.Patch.Add(onnxio.NodeSpec{Op: n.Op(), Domain: n.Domain(), Name: n.Name(), Inputs: n.Inputs(), Outputs: n.Outputs(), Attrs: n.Attrs()})
			continue
		}
		if err := d.train(n, def, t); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// train writes a node in its training form.
func (d *Derivative) train(n *onnxio.Node, def *Def, t *Training) error {
	c := &Train{Emit: d.Emit, Infer: &Infer{Facts: d.Facts, Node: n, Graph: d.Graph}, saved: d.saved, Update: t.Update, Feeds: t.Feeds, Uniform: t.Uniform}
	if err := def.Train(c); err != nil {
		return fmt.Errorf("%v: %w", n, err)
	}
	return nil
}

// Backward writes the gradients of a scalar whose gradients by some values
// are given in seeds, and returns those by the values in wrt. A value that
// the seeds do not depend on has none.
func (d *Derivative) Backward(seeds map[string]string, wrt []string) (map[string]string, error) {
	needed := make(map[string]bool, len(wrt))
	for _, v := range wrt {
		needed[v] = true
	}
	nodes := d.Graph.Nodes()
	for _, n := range nodes {
		if n.Domain() == "" && (n.Op() == shape.Type || n.Op() == size.Type) {
			continue // extents do not depend on values
		}
		for _, in := range n.Inputs() {
			if needed[in] {
				for _, o := range n.Outputs() {
					needed[o] = o != ""
				}
			}
		}
	}
	arriving := make(map[string]string, len(seeds))
	for v, s := range seeds {
		arriving[v] = s
	}
	for i := len(nodes) - 1; i >= 0; i-- {
		if err := d.node(nodes[i], arriving, needed); err != nil {
			return nil, err
		}
	}
	out := make(map[string]string, len(wrt))
	for _, v := range wrt {
		if a := arriving[v]; a != "" {
			out[v] = a
		}
	}
	return out, nil
}

func (d *Derivative) node(n *onnxio.Node, arriving map[string]string, needed map[string]bool) error {
	reached, wanted := false, false
	for _, o := range n.Outputs() {
		reached = reached || (o != "" && arriving[o] != "")
	}
	for _, in := range n.Inputs() {
		wanted = wanted || (in != "" && needed[in])
	}
	if !reached || !wanted {
		return nil
	}
	g := &Grad{
		Emit: d.Emit, Infer: &Infer{Facts: d.Facts, Node: n, Graph: d.Graph},
		arriving: arriving, needed: needed, saved: d.saved,
	}
	if err := Lookup(n, d.Facts.Opset).Grad(g); err != nil {
		var none *noGradError
		if errors.As(err, &none) {
			return &UnsupportedError{n.String(), n.Op(), d.Facts.Opset, "gradient", none.reason}
		}
		return fmt.Errorf("%v: gradient: %w", n, err)
	}
	for _, c := range g.out {
		if have := arriving[c.value]; have != "" {
			c.grad = d.sum(c.value, have, c.grad)
		}
		arriving[c.value] = c.grad
	}
	return nil
}

// sum adds up two gradients by a value, which have its shape.
func (d *Derivative) sum(value, a, b string) string {
	if d.Emit.native(d.Facts.Types[value]) {
		return d.Emit.Native("Sum", []string{a, b})
	}
	return d.Emit.Add(a, b)
}
