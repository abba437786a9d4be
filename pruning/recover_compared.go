package pruning

import (
	"math"
	"slices"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
)

// compared is the value at which a node's output is compared with the dense
// one: the output itself or, where it is added to something else behind a
// normalisation at most, the sum, in which errors of the other summand can be
// made up for (He, Zhang, Sun, "Channel Pruning for Accelerating Very Deep
// Neural Networks", ICCV 2017, section 3.3). Gain is what the value changes by,
// by index along the axis of the sums, where the output changes by one; nil is
// 1.
func (rc *recovering) compared(n *onnxio.Node, axis int) (value string, gain []float64) {
	g := rc.Model.Graph
	y := n.Output(0)
	value = y
	for {
		readers := g.Consumers(value)
		if len(readers) != 1 || readers[0].Index < 0 || g.IsOutput(value) {
			return y, nil
		}
		r := readers[0].Node
		switch {
		case r.Op() == "BatchNormalization" && readers[0].Index == 0 && axis == 1 && rc.normalises(r):
			by, err := rc.scales(r)
			if err != nil || (gain != nil && len(gain) != len(by)) {
				return y, nil
			}
			for k := range gain {
				by[k] *= gain[k]
			}
			value, gain = r.Output(0), by
		case r.Op() == "Add" && r.Domain() == "":
			other := r.Input(1 - readers[0].Index)
			if !rc.varies[other] {
				value = r.Output(0)
				continue
			}
			if !rc.facts.Types[other].Shape.Equal(rc.facts.Types[value].Shape) || rc.solvedLater(other, n) {
				return y, nil
			}
			return r.Output(0), gain
		default:
			return y, nil
		}
	}
}

// normalises reports whether a node is a BatchNormalization whose parameters
// are constants, at inference.
func (rc *recovering) normalises(n *onnxio.Node) bool {
	if n.Op() != "BatchNormalization" || n.Domain() != "" || n.Int("training_mode", 0) != 0 || len(n.Outputs()) != 1 {
		return false
	}
	for i := 1; i <= 4; i++ {
		if t, _ := rc.Model.Graph.Constant(n.Input(i)); t == nil || !t.Elem().Float() {
			return false
		}
	}
	return true
}

// normalisation is the parameters of a BatchNormalization.
type normalisation struct {
	scale, bias, mean, variance []float32
	epsilon                     float64
}

func normalisationOf(g *onnxio.Graph, n *onnxio.Node) (*normalisation, error) {
	b := &normalisation{epsilon: float64(n.Float("epsilon", 1e-5))}
	for i, v := range []*[]float32{&b.scale, &b.bias, &b.mean, &b.variance} {
		t, _ := g.Constant(n.Input(1 + i))
		x, err := t.Floats()
		if err != nil {
			return nil, err
		}
		*v = slices.Clone(x)
	}
	return b, nil
}

// deviation is what channel k is divided by.
func (b *normalisation) deviation(k int) float64 {
	return math.Sqrt(float64(b.variance[k]) + b.epsilon)
}

// scales are what a BatchNormalization multiplies its channels by.
func (rc *recovering) scales(n *onnxio.Node) ([]float64, error) {
	b, err := normalisationOf(rc.Model.Graph, n)
	if err != nil {
		return nil, err
	}
	out := make([]float64, len(b.scale))
	for k := range out {
		out[k] = float64(b.scale[k]) / b.deviation(k)
	}
	return out, nil
}

// solvedLater reports whether a value hangs on weights of a node behind n that
// can be solved.
func (rc *recovering) solvedLater(value string, n *onnxio.Node) bool {
	g := rc.Model.Graph
	nodes := g.Nodes()
	at := slices.Index(nodes, n)
	for m := range needed(g, nil, []string{value}) {
		if d := op.Lookup(m, rc.facts.Opset); d != nil && d.Linear != nil && slices.Index(nodes, m) > at {
			return true
		}
	}
	return false
}
