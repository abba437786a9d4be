package head

import (
	"fmt"

	"github.com/prunefuse/prunefuse/onnxio"
)

// machineLearning is the domain of the operators that scikit-learn's converters
// write.
const machineLearning = "ai.onnx.ml"

// head follows an output back to the last layer that has weights.
func (f *finder) head(output string) Head {
	h := Head{Output: output, Logits: output, Type: f.types[output], LogitsType: f.types[output]}
	if s := h.Type.Shape; len(s) > 1 {
		h.Values = int(s[1].Or(0))
	}
	for at := output; ; {
		n := f.g.Producer(at)
		switch {
		case n == nil:
			h.noLayer = fmt.Errorf("find last layer: output %q is not computed", output)
			return h
		case n.Domain() == machineLearning:
			h.End = classicalEnd(n)
			h.noLayer = unknownLayer(output, n)
			return h
		case n.Domain() != "":
			h.noLayer = unknownLayer(output, n)
			return h
		}
		h.path = append(h.path, n)
		switch o := n.Op(); o {
		case "Gemm", "MatMul", "Conv":
			if !f.constant(n.Input(1)) {
				h.noLayer = unknownLayer(output, n)
				return h
			}
			h.reads, h.layer = n.Input(0), n
			return h
		case "Softmax", "LogSoftmax", "Sigmoid":
			if h.End == Logits {
				h.End, h.Logits, h.LogitsType = End(o), n.Input(0), f.types[n.Input(0)]
				h.fault = f.endFault(n, h)
			}
			at = n.Input(0)
		case "Identity", "Dropout", "Cast", "Flatten", "Reshape", "Squeeze", "Unsqueeze":
			at = n.Input(0)
		case "Add":
			first, second := f.constant(n.Input(0)), f.constant(n.Input(1))
			if first == second {
				h.noLayer = unknownLayer(output, n)
				return h
			}
			if at = n.Input(0); first {
				at = n.Input(1)
			}
		default:
			h.noLayer = unknownLayer(output, n)
			return h
		}
	}
}

// endFault says why a Softmax or its like does not make scores of classes, nil
// where it does.
func (f *finder) endFault(n *onnxio.Node, h Head) error {
	if n.Op() == "Sigmoid" {
		return nil
	}
	rank := int64(len(f.types[n.Output(0)].Shape))
	axis := n.Int("axis", -1)
	if f.opset < 13 {
		axis = n.Int("axis", 1) // and all axes after it, which have one place
	}
	switch {
	case axis != 1 && (rank > 0 && axis+rank != 1 || rank == 0 && axis != -1):
		return fmt.Errorf("output %q: %v is over axis %d, not over the classes in axis 1", h.Output, n, axis)
	case h.Values == 1:
		return fmt.Errorf("output %q %v: %v of a single value is always the same", h.Output, h.Type, n)
	}
	return nil
}

// classicalEnd returns the end of a classifier of the domain ai.onnx.ml. Trees
// and what a Normalizer has summed to 1 give probabilities.
func classicalEnd(n *onnxio.Node) End {
	switch transform := n.Str("post_transform", "NONE"); {
	case transform == "SOFTMAX" || transform == "SOFTMAX_ZERO":
		return Softmax
	case transform == "LOGISTIC":
		return Sigmoid
	case n.Op() == "TreeEnsembleClassifier" || n.Op() == "Normalizer" || n.Op() == "SVMClassifier":
		return Softmax
	}
	return Logits
}

// unknownLayer is the error for an output that does not come from a layer.
func unknownLayer(output string, n *onnxio.Node) error {
	return fmt.Errorf("find last layer: output %q comes from %v, not from a Gemm, MatMul or Conv with constant weights", output, n)
}
