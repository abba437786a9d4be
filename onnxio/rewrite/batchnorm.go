package rewrite

import (
	"fmt"
	"math"

	"github.com/prunefuse/prunefuse/onnxio"
)

// FoldBatchNorm multiplies every BatchNormalization that follows a Conv or
// Gemm with constant weights, and nothing else reads between them, into
// those weights. It returns the new model and the folded layers by the name
// of their weight. A BatchNormalization elsewhere, such as before an
// activation and a convolution, stays.
//
// With s = scale/√(var+ε): w' = w·s along the output channels, and
// b' = (b−mean)·s + bias, computed in float64.
func FoldBatchNorm(m *onnxio.Model) (*onnxio.Model, []Folded, error) {
	out := m.Clone()
	p := out.Graph.Edit()
	var done []Folded
	seen := map[string]bool{} // weights, which two layers may share
	for _, bn := range m.Graph.Nodes() {
		l := layerBefore(m.Graph, bn)
		if l == nil || seen[l.weightName] {
			continue
		}
		seen[l.weightName] = true
		f, err := l.fold(p)
		if err != nil {
			return nil, nil, fmt.Errorf("fold %v: %w", bn, err)
		}
		done = append(done, f)
	}
	if err := p.Apply(); err != nil {
		return nil, nil, err
	}
	return out, done, nil
}

// Folded is a layer that took a BatchNormalization in: the name of its
// weight before, and of the weight and bias after.
type Folded struct{ Source, Weight, Bias string }

type layer struct {
	node, bn       *onnxio.Node
	weight, bias   *onnxio.Tensor // bias is nil where there is none
	weightName     string
	channel        int // the weight's axis of output channels
	alpha, beta    float64
	scale, shift   *onnxio.Tensor
	mean, variance *onnxio.Tensor
	epsilon        float64
}

// layerBefore is the layer that bn can be folded into, nil when there is
// none.
func layerBefore(g *onnxio.Graph, bn *onnxio.Node) *layer {
	if bn.Op() != "BatchNormalization" || bn.Domain() != "" || bn.Int("training_mode", 0) != 0 {
		return nil
	}
	for _, o := range bn.Outputs()[1:] {
		if o != "" {
			return nil
		}
	}
	n := g.Producer(bn.Input(0))
	if n == nil || n.Domain() != "" || len(g.Consumers(bn.Input(0))) != 1 || g.IsOutput(bn.Input(0)) {
		return nil
	}
	l := &layer{node: n, bn: bn, alpha: 1, beta: 1, epsilon: float64(bn.Float("epsilon", 1e-5))}
	switch {
	case n.Op() == "Conv":
	case n.Op() == "Gemm":
		l.alpha, l.beta = float64(n.Float("alpha", 1)), float64(n.Float("beta", 1))
		if n.Int("transB", 0) == 0 {
			l.channel = 1
		}
	default:
		return nil
	}
	l.weight, l.weightName = g.Constant(n.Input(1))
	if l.weight == nil || !l.weight.Elem().Float() || l.weight.Rank() < 2 {
		return nil
	}
	channels := l.weight.Dim(l.channel)
	constants := []**onnxio.Tensor{&l.scale, &l.shift, &l.mean, &l.variance}
	for i, t := range constants {
		if *t, _ = g.Constant(bn.Input(i + 1)); !vector(*t, channels) {
			return nil
		}
	}
	if n.Input(2) != "" {
		if l.bias, _ = g.Constant(n.Input(2)); !vector(l.bias, channels) {
			return nil
		}
	}
	if len(g.Consumers(n.Input(1))) != 1 {
		return nil
	}
	return l
}

// vector reports whether t is a constant of one value for each channel, which
// a Gemm may also hold as a row.
func vector(t *onnxio.Tensor, channels int64) bool {
	return t != nil && t.Elem().Float() && t.Rank() > 0 && t.Len() == channels && t.Dim(t.Rank()-1) == channels
}

func (l *layer) fold(p *onnxio.Patch) (Folded, error) {
	w, err := l.weight.Floats()
	if err != nil {
		return Folded{}, err
	}
	factor, offset, err := l.affine()
	if err != nil {
		return Folded{}, err
	}
	dims := l.weight.Dims()
	inner := 1
	for _, d := range dims[l.channel+1:] {
		inner *= int(d)
	}
	for i := range w {
		w[i] = float32(float64(w[i]) * l.alpha * factor[i/inner%len(factor)])
	}
	weight, err := l.weight.WithFloats(w)
	if err != nil {
		return Folded{}, err
	}
	bias, err := onnxio.RawTensor("", l.weight.Elem(), []int64{int64(len(offset))}, make([]byte, len(offset)*l.weight.Elem().Bits()/8)).WithFloats(offset)
	if err != nil {
		return Folded{}, err
	}
	f := Folded{l.weightName, p.Fresh(l.weightName + ".folded"), p.Fresh(l.weightName + ".folded_bias")}
	p.SetInitializer(weight.Renamed(f.Weight))
	p.SetInitializer(bias.Renamed(f.Bias))
	p.SetInput(l.node, 1, f.Weight)
	p.SetInput(l.node, 2, f.Bias)
	p.DropAttr(l.node, "alpha")
	p.DropAttr(l.node, "beta")
	p.Remove(l.bn)
	p.SetOutputs(l.node, l.bn.Output(0))
	return f, nil
}

// affine is what the BatchNormalization does to each channel, the layer's
// bias included.
func (l *layer) affine() (factor []float64, offset []float32, err error) {
	var v [5][]float32
	for i, t := range []*onnxio.Tensor{l.scale, l.shift, l.mean, l.variance, l.bias} {
		if t == nil {
			v[i] = make([]float32, l.scale.Len())
			continue
		}
		if v[i], err = t.Floats(); err != nil {
			return nil, nil, err
		}
	}
	factor = make([]float64, len(v[0]))
	offset = make([]float32, len(v[0]))
	for c := range factor {
		factor[c] = float64(v[0][c]) / math.Sqrt(float64(v[3][c])+l.epsilon)
		offset[c] = float32((l.beta*float64(v[4][c])-float64(v[2][c]))*factor[c] + float64(v[1][c]))
	}
	return factor, offset, nil
}
