package training

import (
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
)

// lastLayer is the fully connected layer that makes the logits: with the
// gradient g of a sample's loss by its logits, that by its weights is
// weight·g⊗features, and that by its biases, where it has any, bias·g.
type lastLayer struct {
	features     string // [batch, features]
	weight, bias float32
}

// lastLayer finds it; ok is false where the logits come from something else.
func (f *forward) lastLayer() (l lastLayer, ok bool) {
	constant := func(name string) bool { return f.Graph.Initializer(name) != nil }
	n := f.Graph.Producer(f.logits.Name)
	if n == nil || n.Domain() != "" {
		return l, false
	}
	l.weight = 1
	if n.Op() == "Add" {
		a, b := n.Input(0), n.Input(1)
		if constant(a) {
			a, b = b, a
		}
		n = f.Graph.Producer(a)
		if !constant(b) || n == nil || n.Domain() != "" || n.Op() != "MatMul" {
			return l, false
		}
		l.bias = 1
	}
	switch n.Op() {
	case "MatMul":
	case "Gemm":
		l.weight = n.Float("alpha", 1)
		if len(n.Inputs()) > 2 && constant(n.Input(2)) {
			l.bias = n.Float("beta", 1)
		}
		if n.Int("transA", 0) != 0 {
			return l, false
		}
	default:
		return l, false
	}
	l.features = n.Input(0)
	return l, constant(n.Input(1)) && len(f.facts.Types[l.features].Shape) == 2
}

// norms writes the squared norm of what a sample's gradient by the logits is
// multiplied by to be that by the layer, [batch].
func (l lastLayer) norms(e *op.Emit, batch onnxio.Dim) (string, onnxio.Type) {
	sum := e.Sum(e.Square(l.features), false, 1)
	out := e.Add(e.Mul(sum, e.Scalar(l.weight*l.weight)), e.Scalar(l.bias*l.bias))
	return out, onnxio.Type{Elem: onnxio.Float32, Shape: onnxio.Shape{batch}}
}
