package op

import (
	"fmt"

	"github.com/prunefuse/prunefuse/onnxio"
)

var reverseSequence = Def{
	Type: "ReverseSequence", Since: []int64{10},
	Shape: func(c *Infer) error {
		if _, _, err := sequenceAxes(c); err != nil {
			return err
		}
		return sameAsInput(c)
	},
	Axes: func(a *Axes) error {
		time, batch, err := sequenceAxes(a.Infer)
		if err != nil {
			return err
		}
		a.Same(In(0, batch), In(1, 0))
		return a.alikeBut("its positions are times", time)
	},
	// Turned round twice, a sequence is as it was.
	Grad: func(g *Grad) error {
		g.GI(0, g.Op("ReverseSequence", []string{g.GO(0), g.I(1)}, g.Node.Attrs()...))
		return nil
	},
	Cost: free,
	Cases: []Case{
		{Name: "time first", Inputs: []Input{X(4, 3, 2), I64(1, 4, 3)}},
		{Name: "batch first", Inputs: []Input{X(3, 4, 2), I64(2, 1, 4)}, Attrs: attrs(onnxio.Int("time_axis", 1), onnxio.Int("batch_axis", 0)), Fixed: true},
	},
}

// sequenceAxes returns the axes of times and of sequences, one of which is 0
// and the other 1.
func sequenceAxes(c *Infer) (time, batch int, err error) {
	t, b := c.Node.Int("time_axis", 0), c.Node.Int("batch_axis", 1)
	if min(t, b) != 0 || max(t, b) != 1 {
		return 0, 0, fmt.Errorf("time_axis %d and batch_axis %d, want 0 and 1", t, b)
	}
	if len(c.In(1).Shape) != 1 {
		return 0, 0, fmt.Errorf("lengths of shape %v, want one for each sequence", c.In(1).Shape)
	}
	return int(t), int(b), c.Rank(0, 2)
}
