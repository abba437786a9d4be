package loop

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/prunefuse/prunefuse/internal/rundir"
)

// Event is what came of a step. All but Seconds and Waited is determined by the
// configuration, the seed and the labels; these two stand in the envelope of
// the log's line.
type Event struct {
	Arm  string `json:"arm"`
	Step string `json:"step"`
	Work Work   `json:"work,omitzero"`
	Body Body   `json:"body"`

	Seconds float64 `json:"-"` // of the step, over all its attempts where it knows; 0 is measured by the engine
	Waited  float64 `json:"-"` // of these, for samples to be read
}

// Body is what a step adds to the state.
type Body interface {
	kind() string
	apply(s *State)
}

// Work is what a step computed on samples.
type Work struct {
	Module  string `json:"module"`            // "train", "score", …
	Network string `json:"network,omitempty"` // its role
	Samples int64  `json:"samples,omitempty"` // read, each time they were
	MACs    int64  `json:"macs,omitempty"`    // multiply-accumulates, forward and backward
	// Choosing says that the work was done to choose, and not for the result.
	Choosing bool `json:"choosing,omitempty"`
}

// Cost is work with what it took.
type Cost struct {
	Step string
	Work
	Seconds, Waited float64
}

// bodies makes a body of each kind to decode into.
var bodies = map[string]func() Body{
	"built":     func() Body { return new(built) },
	"shared":    func() Body { return new(taken) },
	"pruned":    func() Body { return new(pruned) },
	"chosen":    func() Body { return new(chosen) },
	"labelled":  func() Body { return new(labelled) },
	"decided":   func() Body { return new(decided) },
	"judged":    func() Body { return new(judged) },
	"trained":   func() Body { return new(trained) },
	"evaluated": func() Body { return new(evaluated) },
	"scored":    func() Body { return new(scored) },
	"fused":     func() Body { return new(fused) },
	"exported":  func() Body { return new(exported) },
}

// MarshalJSON writes the event with the kind of its body.
func (e Event) MarshalJSON() ([]byte, error) {
	type plain Event
	return json.Marshal(struct {
		Kind string `json:"kind"`
		plain
	}{e.Body.kind(), plain(e)})
}

// readEvent is the event of a line of the log.
func readEvent(line rundir.Line) (Event, error) {
	var e struct {
		Kind string          `json:"kind"`
		Arm  string          `json:"arm"`
		Step string          `json:"step"`
		Work Work            `json:"work"`
		Body json.RawMessage `json:"body"`
	}
	if err := strict(line.Event, &e); err != nil {
		return Event{}, err
	}
	make, known := bodies[e.Kind]
	if !known {
		return Event{}, fmt.Errorf("event of the kind %q, which this version does not know", e.Kind)
	}
	body := make()
	if err := strict(e.Body, body); err != nil {
		return Event{}, fmt.Errorf("event of the kind %s: %w", e.Kind, err)
	}
	return Event{Arm: e.Arm, Step: e.Step, Work: e.Work, Body: body, Seconds: line.Seconds, Waited: line.Waited}, nil
}

// strict decodes JSON without keys that the value does not have.
func strict(text []byte, to any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	return d.Decode(to)
}
