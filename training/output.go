package training

import (
	"fmt"

	"github.com/prunefuse/prunefuse/onnxio/head"
)

// logits returns the value that the loss takes for logits: what goes into the
// end of a model, where the loss has that end in itself. It refuses the end
// that belongs to the other loss.
func (k LossKind) logits(h head.Head) (string, error) {
	switch binary, sigmoid := k == BinaryCrossEntropy, h.End == head.Sigmoid; {
	case h.End == head.Logits:
		return h.Output, nil
	case binary && !sigmoid:
		return "", fmt.Errorf("output %q ends in a %s, so its values are one distribution: the loss for it is %s, not %s", h.Output, h.End, CrossEntropy, k)
	case sigmoid && !binary:
		return "", fmt.Errorf("output %q ends in a Sigmoid, so each value is a yes or no of its own (multi-label, or two classes): the loss for it is %s, not %s", h.Output, BinaryCrossEntropy, k)
	}
	return h.Logits, nil
}

// lossOf tells by the head of a model which loss it was made for.
func lossOf(h head.Head) LossKind {
	if h.Values == 1 || h.End == head.Sigmoid {
		return BinaryCrossEntropy
	}
	return CrossEntropy
}

// alternative says which loss takes a single logit.
func (l Loss) alternative(h head.Head) string {
	if h.Values != 1 || l.binary() {
		return ""
	}
	return fmt.Sprintf("; a single logit, of the second of two classes, is for the loss %s", BinaryCrossEntropy)
}
