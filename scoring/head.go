package scoring

import (
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/head"
)

// Head is how a classifier ends.
type Head struct {
	Logits        string // the output with a value a class
	Features      string // the value that the last layer reads
	Probabilities bool   // a Model gives what comes out of a Softmax
}

// FindHead finds the class scores of a model, as package head does by the name
// of an output or with "" by itself, and the last layer with weights before
// them. Where only that layer is not found, the error comes with the rest of
// the Head.
func FindHead(m *onnxio.Model, output string) (Head, error) {
	_, found, err := head.Distribution(m, output)
	if err != nil {
		return Head{}, err
	}
	h := Head{Logits: found.Output, Probabilities: found.End == head.Softmax}
	h.Features, err = found.Features()
	return h, err
}
