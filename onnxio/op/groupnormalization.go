package op

import (
	"fmt"

	"github.com/prunefuse/prunefuse/onnxio"
)

// groupNormalization has, in opset 18, a scale and a bias for each group and
// from opset 21 on for each channel.
var groupNormalization = Def{
	Type: "GroupNormalization", Since: []int64{18, 21},
	Zero:  [][]int{{1, 2}},
	Shape: groupNormShape, Axes: groupNormAxes, Grad: groupNormGrad, Cost: free,
	Cases: []Case{
		{Name: "image", Opset: 21, Inputs: []Input{X(2, 6, 3, 4), W(6), W(6)}, Attrs: attrs(onnxio.Int("num_groups", 2))},
		{Name: "one spatial axis", Opset: 21, Inputs: []Input{X(2, 6, 5), W(6), W(6)}, Attrs: attrs(onnxio.Int("num_groups", 3), onnxio.Float("epsilon", 1e-2))},
		{Name: "one group", Opset: 21, Inputs: []Input{X(2, 4, 3, 2), W(4), W(4)}, Attrs: attrs(onnxio.Int("num_groups", 1))},
		{Name: "a group a channel", Opset: 21, Inputs: []Input{X(2, 4, 3, 2), W(4), W(4)}, Attrs: attrs(onnxio.Int("num_groups", 4))},
		{Name: "opset 18", Opset: 18, Inputs: []Input{X(2, 6, 3, 4), W(2), W(2)}, Attrs: attrs(onnxio.Int("num_groups", 2))},
		{Name: "opset 18, a group a channel", Opset: 18, Inputs: []Input{X(2, 4, 3, 4), W(4), W(4)}, Attrs: attrs(onnxio.Int("num_groups", 4))},
	},
}

const (
	groupNormEpsilon    = 1e-5
	groupNormPerChannel = 21 // the opset from which scale and bias are per channel
)

func groupNormShape(c *Infer) error {
	if err := c.Rank(0, 3); err != nil {
		return err
	}
	groups := c.Node.Int("num_groups", 0)
	channels := c.In(0).Shape[1]
	if n, ok := channels.Value(); groups < 1 || (ok && n%groups != 0) {
		return fmt.Errorf("num_groups %d does not divide %v channels", groups, channels)
	}
	each := channels
	if c.Opset < groupNormPerChannel {
		each = onnxio.Known(groups)
	}
	for i := 1; i < 3; i++ {
		if err := c.vector(i, each); err != nil {
			return err
		}
	}
	return sameAsInput(c)
}

func groupNormAxes(a *Axes) error {
	groups := a.Node.Int("num_groups", 0)
	for k := range a.In(0).Shape {
		a.Same(In(0, k), Out(0, k))
		if k > 1 {
			a.Mixes(In(0, k))
		}
	}
	channels, known := a.In(0).Shape[1].Value()
	if known && channels == groups {
		a.Same(In(0, 1), In(1, 0), In(2, 0))
		a.Follow(Extent{Attr: "num_groups", Ref: In(0, 1)})
		return nil
	}
	a.Mixes(In(0, 1))
	if known {
		a.Equal(In(0, 1), int(groups))
	} else {
		a.Pin(In(0, 1), "its extent, which falls into groups, is not known")
	}
	if a.Opset >= groupNormPerChannel {
		a.Same(In(0, 1), In(1, 0), In(2, 0))
		return nil
	}
	for i := 1; i < 3; i++ {
		a.Pin(In(i, 0), "it has one element for each group")
	}
	return nil
}

// groupNormGrad works on [batch, group, elements of the group].
func groupNormGrad(g *Grad) error {
	rank, groups := len(g.In(0).Shape), g.Node.Int("num_groups", 0)
	grouped := func(v string) string { return g.Reshape(v, 0, groups, -1) }
	s := g.standardize(grouped(g.I(0)), true, g.Node.Float("epsilon", groupNormEpsilon), 2)
	hat, dy := s.hat, g.GO(0)
	if g.Opset >= groupNormPerChannel {
		hat = g.ReshapeLike(hat, g.I(0), g.In(0).Shape)
	} else {
		dy, rank = grouped(dy), 3
	}
	if g.Needs(1) {
		g.GI(1, g.perChannel(g.Mul(dy, hat), rank))
	}
	if g.Needs(2) {
		g.GI(2, g.perChannel(dy, rank))
	}
	if g.Needs(0) {
		d := g.Mul(dy, g.column(g.I(1), rank))
		g.GI(0, g.ReshapeLike(g.unstandardize(s, grouped(d)), g.I(0), g.In(0).Shape))
	}
	return nil
}
