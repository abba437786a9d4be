package op

import (
	"fmt"

	"github.com/prunefuse/prunefuse/onnxio"
)

// CheckEvaluation is an error where a node normalises every batch by its own
// statistics, as in training: what the model answers for a sample then depends on
// the others of its batch.
func CheckEvaluation(g *onnxio.Graph, opset int64) error {
	const since = 14 // that an attribute says so; before, it was the number of outputs
	for _, n := range g.Nodes() {
		if n.Op() != "BatchNormalization" || n.Domain() != "" {
			continue
		}
		if opset >= since && n.Int("training_mode", 0) != 0 || opset < since && len(n.Outputs()) > 1 {
			return fmt.Errorf("%v is in training mode: it normalises each batch by itself, so that a sample's answer depends on the others of its batch; export the model in evaluation mode (model.eval(), and to keep Dropout training=TrainingMode.PRESERVE)", n)
		}
	}
	return nil
}
