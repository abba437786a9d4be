package main

import (
	"errors"
	"strings"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
)

// unsupported turns the runtime's refusal of a model into an
// *op.UnsupportedError where it is about an operator that the table does not
// have either. Any other error stays as it is.
func unsupported(m *onnxio.Model, err error) error {
	var known *op.UnsupportedError
	if err == nil || errors.As(err, &known) {
		return err
	}
	facts, inferErr := op.InferGraph(m, op.InferOptions{})
	if inferErr != nil {
		return err
	}
	for _, n := range facts.Unknown {
		if strings.Contains(err.Error(), n.Op()) {
			return &op.UnsupportedError{
				Node: n.String(), Op: n.Op(), Opset: m.Opset(n.Domain()), Facet: "definition",
				Reason: "ONNX Runtime does not have it",
			}
		}
	}
	return err
}
