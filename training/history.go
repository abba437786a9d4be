package training

import (
	"fmt"
	"strings"
	"time"
)

// Progress is how far a run is after a step.
type Progress struct {
	Epoch, Epochs    int // the first is 1
	Step, Steps      int // done, of the whole run
	Loss             float32
	Accuracy         float64 // like Loss of the step's samples, before it
	Rate             float32
	Seconds, Waited  float64 // of this step, and of these for data
	SamplesPerSecond float64 // since the run began or was resumed
	Remaining        time.Duration
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

// History is what a run did. A resumed run has that of the one it goes on
// from in it.
type History struct {
	Epochs  []Epoch `json:"epochs"`
	Steps   int     `json:"steps"`
	Samples int     `json:"samples"` // seen, each as often as it was
	Seconds float64 `json:"seconds"` // of training, validation left out
	Waited  float64 `json:"waited"`  // of these, how long steps waited for data
	// Best is the number of the best epoch by the validation, 0 without one.
	Best int `json:"best,omitempty"`
	// Stopped says that the run ended early, as Options.Patience asks.
	Stopped bool `json:"stopped,omitempty"`
	// Dynamics is what Options.Dynamics asked for, by sample.
	Dynamics []Dynamics `json:"-"`
}

// DivergedError says that the loss stopped being a finite number.
type DivergedError struct {
	Step, Epoch int // counted from 1
	Loss        float32
	Rate        float32
	Samples     []string // the batch, by name where the set has names
	Checkpoint  string   // the last one written, "" when there is none
	Good        int      // the steps done in it
}

func (e *DivergedError) Error() string {
	s := fmt.Sprintf("the loss is %v at step %d (epoch %d) with learning rate %v, on the batch of %s: lower the rate or look for values that are out of range in the data",
		e.Loss, e.Step, e.Epoch, e.Rate, someOf(e.Samples))
	if e.Checkpoint != "" {
		s += fmt.Sprintf("; %s holds the state after step %d", e.Checkpoint, e.Good)
	}
	return s
}

// someOf lists the first names and counts the others.
func someOf(names []string) string {
	const most = 4
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}

// tally adds up a step or an epoch.
type tally struct {
	Samples int     `json:"samples"`
	Correct int     `json:"correct"`
	Loss    float64 `json:"loss"` // sum over the samples
	Rate    float32 `json:"rate"` // the last one
	Seconds float64 `json:"seconds"`
	Waited  float64 `json:"waited"`
}

func (t *tally) add(b tally) {
	t.Samples += b.Samples
	t.Correct += b.Correct
	t.Loss += b.Loss
	t.Rate = b.Rate
	t.Seconds += b.Seconds
	t.Waited += b.Waited
}

func (t tally) epoch(epoch, steps int) Epoch {
	return Epoch{
		Epoch: epoch, Steps: steps, Loss: t.Loss / float64(t.Samples),
		Train: float64(t.Correct) / float64(t.Samples), Rate: t.Rate, Seconds: t.Seconds,
	}
}
