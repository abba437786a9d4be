package training

import (
	"fmt"
	"time"
)

// Progress is how far a run is after a step.
type Progress struct {
	Epoch, Epochs    int // the first is 1
	Step, Steps      int // done, of the whole run
	Loss             float32
	Accuracy         float64 // like Loss of the step's samples, before it
	Rate             float32
	SamplesPerSecond float64 // since the run began or was resumed
	Remaining        time.Duration
}

// Epoch is what one pass over the training set gave.
type Epoch struct {
	Epoch   int     `json:"epoch"` // the first is 1
	Steps   int     `json:"steps"` // done in the run so far
	Loss    float64 `json:"loss"`  // mean over the samples, each before its step
	Train   float64 `json:"train_accuracy"`
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

// History is what a run did. A resumed run has that of the one it goes on
// from in it.
type History struct {
	Epochs  []Epoch `json:"epochs"`
	Steps   int     `json:"steps"`
	Samples int     `json:"samples"` // seen, each as often as it was
	Seconds float64 `json:"seconds"` // of training, validation left out
	Waited  float64 `json:"waited"`  // of these, how long steps waited for data
}

// DivergedError says that the loss stopped being a finite number.
type DivergedError struct {
	Step, Epoch int // counted from 1
	Loss        float32
	Rate        float32
	Checkpoint  string // the last one written, "" when there is none
	Good        int    // the steps done in it
}

func (e *DivergedError) Error() string {
	s := fmt.Sprintf("the loss is %v at step %d (epoch %d) with learning rate %v: lower the rate or look for bad values in the data", e.Loss, e.Step, e.Epoch, e.Rate)
	if e.Checkpoint != "" {
		s += fmt.Sprintf("; %s holds the state after step %d", e.Checkpoint, e.Good)
	}
	return s
}

// tally adds up a step or an epoch.
type tally struct {
	Samples int     `json:"samples"`
	Correct int     `json:"correct"`
	Loss    float64 `json:"loss"` // sum over the samples
	Seconds float64 `json:"seconds"`
}

func (t *tally) add(b tally) {
	t.Samples += b.Samples
	t.Correct += b.Correct
	t.Loss += b.Loss
	t.Seconds += b.Seconds
}

func (t tally) epoch(epoch, steps int) Epoch {
	return Epoch{
		Epoch: epoch, Steps: steps, Loss: t.Loss / float64(t.Samples),
		Train: float64(t.Correct) / float64(t.Samples), Seconds: t.Seconds,
	}
}
