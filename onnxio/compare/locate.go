package compare

import (
	"context"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
	"github.com/prunefuse/prunefuse/onnxio/ort"
)

// Inner values are looked through in pieces, of so many values each, and are
// taken to differ beyond this part of their magnitude.
const (
	locateValues = 64
	locatePart   = 1e-4
)

// locate finds the first node of the first model that gives something else
// than the second does under the same name; what makes the output that differs
// where there is none; "" where that is not known either.
func (c *comparison) locate(ctx context.Context) string {
	if c.witness != nil {
		if n := c.firstApart(ctx); n != nil {
			return n.String()
		}
	}
	if n := c.x.Graph.Producer(c.res.Value); n != nil {
		return n.String()
	}
	return ""
}

func (c *comparison) firstApart(ctx context.Context) *onnxio.Node {
	if c.trials.freed > 0 && !c.fits() {
		return nil
	}
	f, err := op.InferGraph(c.x, op.InferOptions{})
	if err != nil {
		return nil
	}
	var nodes []*onnxio.Node
	var names []string
	flush := func() *onnxio.Node {
		n := c.apartAmong(ctx, nodes, names)
		nodes, names = nil, nil
		return n
	}
	for _, n := range c.x.Graph.Nodes() {
		for _, o := range n.Outputs() {
			if t := f.Types[o]; o == "" || c.y.Graph.Producer(o) == nil || t.Elem == onnxio.BFloat16 || !(t.Elem.Float() || t.Elem.Int()) {
				continue
			}
			nodes, names = append(nodes, n), append(names, o)
		}
		if len(names) >= locateValues {
			if found := flush(); found != nil {
				return found
			}
		}
	}
	return flush()
}

// fits reports whether the inputs that the models differ for have the batch
// that the first fixes.
func (c *comparison) fits() bool {
	for _, t := range c.witness {
		if t.Rank() == 0 || t.Dim(0) != c.trials.freed {
			return false
		}
	}
	return true
}

// apartAmong runs both models for some inner values, and gives the first node
// of which one differs.
func (c *comparison) apartAmong(ctx context.Context, nodes []*onnxio.Node, names []string) *onnxio.Node {
	if len(names) == 0 {
		return nil
	}
	var got [2][]value
	for i, m := range []*onnxio.Model{c.x, c.y} {
		with, err := WithOutputs(m, names, nil)
		if err != nil {
			return nil
		}
		o := c.o.Session
		o.Outputs, o.Optimization = names, ort.OptimizeNone
		s, err := ort.SessionOf(ctx, with, o)
		if err != nil {
			return nil
		}
		got[i], err = runSession(ctx, s, c.witness)
		s.Close()
		if err != nil {
			return nil
		}
	}
	for i, n := range nodes {
		x, y := got[0][i], got[1][i]
		if len(x.dims) != len(y.dims) || !equal(x.dims, y.dims) {
			continue // what was cut there
		}
		if g := between(x, y); g.why != "" || g.diff > locatePart*g.scale {
			return n
		}
	}
	return nil
}
