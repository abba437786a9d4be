package training

import (
	"encoding/json"

	"github.com/prunefuse/prunefuse/onnxio/op"
)

// Optimizer turns gradients into new weights: an [SGD], [Adam] or [AdamW].
type Optimizer interface {
	// Name is what [OptimizerNames] lists.
	Name() string
	check() error
	// slots names the tensors a parameter has beside itself, which start at
	// zero.
	slots() []string
	// scalars appends what the update takes besides tensors, for the step of
	// this number, counted from 1. There are equally many in every step.
	scalars(dst []float32, rate float32, step int) []float32
	// update writes one parameter's step: its new value, and those of its
	// slots, from its value, its gradient, its slots and the scalars, which
	// have one element each. A weight that does not decay is spared weight decay.
	update(e *op.Emit, w, grad string, slots, scalars []string, decays bool) (string, []string)
}

// OptimizerNames lists the optimisers.
func OptimizerNames() []string { return []string{SGD{}.Name(), Adam{}.Name(), AdamW{}.Name()} }

// optimizerRecord returns an optimiser's name and settings as a checkpoint
// holds them. Equal settings are equal bytes.
func optimizerRecord(o Optimizer) json.RawMessage {
	b, err := json.Marshal(struct {
		Name     string    `json:"name"`
		Settings Optimizer `json:"settings"`
	}{o.Name(), o})
	if err != nil {
		panic("BUG: " + err.Error())
	}
	return b
}
