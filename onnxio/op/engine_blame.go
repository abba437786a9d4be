package op

import (
	"errors"
	"strings"

	"github.com/prunefuse/prunefuse/onnxio"
)

// Blame turns a runtime's refusal of a model into an *UnsupportedError where
// it is about an operator that the table does not have either. Any other error
// stays as it is.
func Blame(m *onnxio.Model, err error) error {
	var known *UnsupportedError
	if err == nil || errors.As(err, &known) {
		return err
	}
	facts, inferErr := InferGraph(m, InferOptions{})
	if inferErr != nil {
		return err
	}
	for _, n := range facts.Unknown {
		if strings.Contains(err.Error(), n.Op()) {
			return &UnsupportedError{
				Node: n.String(), Op: n.Op(), Opset: m.Opset(n.Domain()), Facet: "definition",
				Reason: "ONNX Runtime does not have it",
			}
		}
	}
	return err
}
