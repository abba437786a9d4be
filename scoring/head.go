package scoring

import (
	"errors"
	"fmt"

	"github.com/prunefuse/prunefuse/onnxio"
)

// Head is how a classifier ends.
type Head struct {
	Logits        string // the output with a value a class
	Features      string // the value that the last layer reads
	Probabilities bool   // the output comes out of a Softmax
}

// FindHead follows an output of a graph, "" for its first one, back to the
// last layer that has weights: a Gemm, MatMul or Conv. On the way it passes
// what neither mixes nor shapes the classes: Softmax, a bias, a change of
// shape or type.
func FindHead(g *onnxio.Graph, output string) (Head, error) {
	if output == "" {
		if len(g.Outputs()) == 0 {
			return Head{}, errors.New("find last layer: the model has no outputs")
		}
		output = g.Outputs()[0].Name
	}
	h := Head{Logits: output}
	for at := output; ; {
		n := g.Producer(at)
		if n == nil || n.Domain() != "" {
			return h, unknownHead(output, n)
		}
		switch n.Op() {
		case "Gemm", "MatMul", "Conv":
			if w, _ := g.Constant(n.Input(1)); w == nil {
				return h, unknownHead(output, n)
			}
			h.Features = n.Input(0)
			return h, nil
		case "Softmax":
			h.Probabilities = true
			at = n.Input(0)
		case "LogSoftmax", "Identity", "Dropout", "Cast", "Flatten", "Reshape", "Squeeze":
			at = n.Input(0)
		case "Add":
			if at = n.Input(0); constant(g, at) {
				at = n.Input(1)
			}
			if !constant(g, n.Input(0)) && !constant(g, n.Input(1)) {
				return h, unknownHead(output, n)
			}
		default:
			return h, unknownHead(output, n)
		}
	}
}

func constant(g *onnxio.Graph, name string) bool {
	t, _ := g.Constant(name)
	return t != nil
}

// unknownHead is the error for an output that does not come from a layer.
func unknownHead(output string, n *onnxio.Node) error {
	if n == nil {
		return fmt.Errorf("find last layer: output %q is not computed", output)
	}
	return fmt.Errorf("find last layer: output %q comes from %v, not from a Gemm, MatMul or Conv with constant weights", output, n)
}
