package training

import (
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
)

// loss is what a training graph minimises: a value of shape [1] and its
// gradient by the logits, of their shape.
type loss struct{ value, grad string }

// crossEntropy is the mean over the batch of −Σ target·log softmax(logits).
// Target holds a distribution over the classes in every row; one that is not
// all in one class, such as a smoothed label, is as good as one that is.
func crossEntropy(e *op.Emit, logits, target string, classes int64) loss {
	log := e.Op("LogSoftmax", []string{logits}, onnxio.Int("axis", 1))
	each := e.Sum(e.Mul(log, target), false, 1)
	size := e.Op("Cast", []string{e.Op("Size", []string{logits})}, onnxio.Int("to", int64(onnxio.Float32)))
	count := e.Div(size, e.Scalar(float32(classes)))
	return loss{
		value: e.Neg(e.Mean(each, true, 0)),
		grad:  e.Div(e.Sub(e.Op("Exp", []string{log}), target), count),
	}
}
