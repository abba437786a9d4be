package op

import (
	"fmt"

	"github.com/prunefuse/prunefuse/onnxio"
)

// CheckEvaluation is an error where a node normalises every batch by its own
// statistics, as in training: what the model answers for a sample then depends on
// the others of its batch.
func CheckEvaluation(m *onnxio.Model) error {
	for _, n := range m.Graph.Nodes() {
		if inTrainingMode(m, n) {
			return fmt.Errorf("%v is in training mode: it normalises each batch by itself, so that a sample's answer depends on the others of its batch; export the model in evaluation mode (model.eval(), and to keep Dropout training=TrainingMode.PRESERVE)", n)
		}
	}
	return nil
}

// ToEvaluation returns a model whose normalisations over the batch go by their
// running statistics: the model itself, or a copy where some are in training
// mode. An error names one whose new statistics are read.
func ToEvaluation(m *onnxio.Model) (*onnxio.Model, error) {
	if CheckEvaluation(m) == nil {
		return m, nil
	}
	m = m.Clone()
	p := m.Graph.Edit()
	for _, n := range m.Graph.Nodes() {
		if !inTrainingMode(m, n) {
			continue
		}
		for _, o := range n.Outputs()[1:] {
			if o != "" && (len(m.Graph.Consumers(o)) > 0 || m.Graph.IsOutput(o)) {
				return nil, fmt.Errorf("%v: output %q, a statistic of training mode, is read; export the model in evaluation mode", n, o)
			}
		}
		p.SetOutputs(n, n.Output(0))
		p.DropAttr(n, "training_mode")
	}
	return m, p.Apply()
}

// inTrainingMode reports whether a node normalises by the statistics of the batch.
func inTrainingMode(m *onnxio.Model, n *onnxio.Node) bool {
	return n.Op() == "BatchNormalization" && n.Domain() == "" && OverBatch(m.Opset(""), n) && reachedByInputs(m.Graph, n.Input(0))
}
