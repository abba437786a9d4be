package op

import "github.com/prunefuse/prunefuse/onnxio"

var elu = Def{
	Type: "Elu", Since: []int64{1, 6, 22},
	Zero:  zeroAtZero,
	Shape: sameAsInput, Axes: alike, Cost: free,
	// Below zero y = α(eˣ−1), whose derivative is y+α.
	Grad: func(g *Grad) error {
		alpha := g.Node.Float("alpha", 1)
		var slope string
		if alpha == 1 {
			slope = g.Add(g.Op("Min", []string{g.O(0), g.Scalar(0)}), g.Scalar(1))
		} else {
			above := g.Op("Greater", []string{g.I(0), g.Scalar(0)})
			slope = g.Op("Where", []string{above, g.Scalar(1), g.Add(g.O(0), g.Scalar(alpha))})
		}
		g.GI(0, g.Mul(g.GO(0), slope))
		return nil
	},
	Cases: append(unaryCases(), Case{Name: "alpha", Inputs: []Input{X(2, 9)}, Attrs: attrs(onnxio.Float("alpha", 0.3))}),
}
