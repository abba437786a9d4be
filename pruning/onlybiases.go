package pruning

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/prunefuse/prunefuse/onnxio"
)

// onlyBiases is an error unless the compensated model is the pruned one but
// for the numbers of the changed weights and the use of the added ones: every
// other weight has the same bytes, and every node is the same node.
func onlyBiases(pruned, compensated *onnxio.Model, c *Compensation) error {
	for _, t := range pruned.Graph.Initializers() {
		now := compensated.Graph.Initializer(t.Name())
		if now == nil || now.Elem() != t.Elem() || !slices.Equal(now.Dims(), t.Dims()) {
			return fmt.Errorf("weight %q is another one after compensation", t.Name())
		}
		if slices.Contains(c.Changed, t.Name()) {
			continue
		}
		before, err := t.Bytes()
		if err != nil {
			return err
		}
		after, err := now.Bytes()
		if err != nil {
			return err
		}
		if !bytes.Equal(before, after) {
			return fmt.Errorf("weight %q has other numbers after compensation, though it is no bias", t.Name())
		}
	}
	for _, n := range pruned.Graph.Nodes() {
		if slices.Contains(c.Changed, n.Output(0)) {
			continue // a Constant node that became an initializer
		}
		if err := sameNode(n, compensated.Graph, c); err != nil {
			return err
		}
	}
	if more := len(compensated.Graph.Initializers()) - len(pruned.Graph.Initializers()); more > len(c.Added)+len(c.Changed) {
		return fmt.Errorf("compensation added %d weights, of which %d are biases", more, len(c.Added))
	}
	return nil
}

// sameNode finds a node of the pruned model in the compensated one. It may
// read an added bias, or be followed by the sum with one.
func sameNode(n *onnxio.Node, g *onnxio.Graph, c *Compensation) error {
	now := g.Producer(n.Output(0))
	if now != nil && now.Op() == "Add" && slices.Contains(c.Added, now.Input(1)) && n.Op() != "Add" {
		now = g.Producer(now.Input(0))
	}
	if now == nil || now.Op() != n.Op() || now.Domain() != n.Domain() {
		return fmt.Errorf("%v is another node after compensation", n)
	}
	before, after := n.Attrs(), now.Attrs()
	if !slices.EqualFunc(before, after, func(x, y onnxio.Attr) bool { return x.String() == y.String() }) {
		return fmt.Errorf("%v has other attributes after compensation", n)
	}
	for i := range max(len(n.Inputs()), len(now.Inputs())) {
		if in := now.Input(i); in != n.Input(i) && !slices.Contains(c.Added, in) {
			return fmt.Errorf("%v reads %q instead of %q after compensation", n, in, n.Input(i))
		}
	}
	return nil
}
