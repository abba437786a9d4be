package training

import (
	"context"
	"fmt"
	"time"

	"github.com/prunefuse/prunefuse/onnxio"
)

func (t *trainer) endEpoch(ctx context.Context) error {
	e := t.epoch.epoch((t.batches-1)/t.pace.batches+1, t.done)
	var m *onnxio.Model
	if t.o.Validation != nil {
		var err error
		if m, e.Validation, err = t.validate(ctx); err != nil {
			return fmt.Errorf("validation: %w", err)
		}
	}
	t.epoch = tally{}
	t.history.Epochs = append(t.history.Epochs, e)
	if err := t.compare(m); err != nil {
		return err
	}
	if t.o.OnEpoch != nil {
		t.o.OnEpoch(e)
	}
	return nil
}

func (t *trainer) validate(ctx context.Context) (*onnxio.Model, *Validation, error) {
	begin := time.Now()
	m, err := t.step.Model()
	if err != nil {
		return nil, nil, err
	}
	v, err := Evaluate(ctx, m, t.o.Validation, EvalOptions{
		Batch: t.o.Batch, Workers: t.o.Workers, Normalize: t.o.Normalize, Logits: t.o.Step.Logits, Loss: t.o.Step.Loss.kind(), Session: t.o.Step.Session,
	})
	if err != nil {
		return nil, nil, err
	}
	return m, &Validation{Loss: v.Loss, Accuracy: v.Accuracy, Seconds: time.Since(begin).Seconds()}, nil
}

// Epoch is what one pass over the training set gave.
type Epoch struct {
	Epoch   int     `json:"epoch"` // the first is 1
	Steps   int     `json:"steps"` // done in the run so far
	Loss    float64 `json:"loss"`  // mean over the samples, each before its step
	Train   float64 `json:"train_accuracy"`
	Rate    float32 `json:"rate"`    // of its last step
	Seconds float64 `json:"seconds"` // of training, validation left out
	// Validation is what Evaluate said at the end of the epoch, nil without a
	// validation set.
	Validation *Validation `json:"validation,omitempty"`
}

// Validation is the short form of an Evaluation.
type Validation struct {
	Loss     float64 `json:"loss"`
	Accuracy float64 `json:"accuracy"`
	Seconds  float64 `json:"seconds"`
}

func (t tally) epoch(epoch, steps int) Epoch {
	return Epoch{
		Epoch: epoch, Steps: steps, Loss: t.Loss / float64(t.Samples),
		Train: float64(t.Correct) / float64(t.Samples), Rate: t.Rate, Seconds: t.Seconds,
	}
}
