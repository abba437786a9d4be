package training

import (
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

func (t *trainer) progress(group tally, rate float32) Progress {
	steps, perEpoch := t.schedule.steps, t.pace.perEpoch()
	n := float64(group.Samples)
	p := Progress{
		Epoch: (t.done-1)/perEpoch + 1, Epochs: (steps + perEpoch - 1) / perEpoch,
		Step: t.done, Steps: steps, Loss: float32(group.Loss / n), Accuracy: float64(group.Correct) / n, Rate: rate,
		Seconds: group.Seconds, Waited: group.Waited,
	}
	if t.seconds > 0 {
		p.SamplesPerSecond = float64(t.samples) / t.seconds
	}
	p.Remaining = time.Since(t.begun) / time.Duration(t.steps) * time.Duration(steps-t.done)
	return p
}
