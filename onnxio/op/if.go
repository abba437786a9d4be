package op

import "github.com/prunefuse/prunefuse/onnxio"

// conditional is If.
var conditional = Def{
	Type: "If", Since: []int64{1, 11, 13, 16, 19, 21, 23},
	Shape: func(c *Infer) error {
		yes, err := c.body(branch(true), nil)
		if err != nil {
			return err
		}
		no, err := c.body(branch(false), nil)
		if err != nil {
			return err
		}
		for o := range c.Node.Outputs() {
			switch {
			case o < len(yes) && o < len(no):
				c.Out(o, yes[o].Elem, c.either(o, yes[o].Shape, no[o].Shape))
			case o < len(yes):
				c.Out(o, yes[o].Elem, yes[o].Shape)
			case o < len(no):
				c.Out(o, no[o].Elem, no[o].Shape)
			}
		}
		return nil
	},
	Axes: bodyPins, Grad: NoGrad("its branches are not differentiated"), Cost: bodyCost, Upgrade: bodyUpgrade,
	Cases: []Case{
		{Name: "one result", Inputs: []Input{Bools([]int64{1})}, Attrs: branches(constantBody(1, 2, 3), constantBody(1, 2, 3))},
		{Name: "two results", Inputs: []Input{Bools([]int64{0})}, Out: 2, Attrs: branches(constantBody(2, 4, 1), constantBody(2, 4, 1))},
		{Name: "opset 11", Opset: 11, Inputs: []Input{Bools([]int64{1})}, Attrs: branches(constantBody(1, 3), constantBody(1, 3))},
	},
}

func branches(yes, no *onnxio.Model) []onnxio.Attr {
	return attrs(onnxio.Subgraph(branch(true), yes), onnxio.Subgraph(branch(false), no))
}
