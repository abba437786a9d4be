package optest

import (
	"testing"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
)

// axes runs the axis rule over the case.
func axes(t *testing.T, d *op.Def, c *op.Case, m *onnxio.Model) {
	f, err := op.InferGraph(m, op.InferOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := op.NewAxes(f, m.Graph, m.Graph.Nodes()[0]); err != nil {
		t.Fatal(err)
	}
}
