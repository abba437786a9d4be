package training

import (
	"github.com/prunefuse/prunefuse/onnxio"
)

// lossOf tells by a model which loss its output was made for.
func lossOf(m *onnxio.Model, output string) LossKind {
	t, _ := m.Graph.Declared(output)
	if (len(t.Shape) == 2 || pointLike(t.Shape)) && t.Shape[1].Is(1) || BinaryCrossEntropy.undoes(m.Graph.Producer(output)) {
		return BinaryCrossEntropy
	}
	return CrossEntropy
}

// beforeEnd returns a model with the logits among its outputs, and their name.
func beforeEnd(m *onnxio.Model, output string, k LossKind) (*onnxio.Model, string, error) {
	n := m.Graph.Producer(output)
	if !k.undoes(n) {
		return m, output, nil
	}
	logits := n.Input(0)
	if m.Graph.IsOutput(logits) {
		return m, logits, nil
	}
	t, _ := m.Graph.Declared(output)
	m = m.Clone()
	p := m.Graph.Edit()
	p.SetOutputType(logits, t)
	return m, logits, p.Apply()
}

// endsInSoftmax reports whether the node that makes logits [batch, classes]
// turns them into probabilities or their logarithms.
func endsInSoftmax(n *onnxio.Node) bool {
	if n == nil || n.Domain() != "" || (n.Op() != "Softmax" && n.Op() != "LogSoftmax") {
		return false
	}
	axis := n.Int("axis", -1) // before opset 13 the default was 1, which is the same here
	return axis == 1 || axis == -1
}
