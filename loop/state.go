package loop

import (
	"slices"

	"github.com/prunefuse/prunefuse/internal/report"
)

// State is what the events of an arm add up to. It names files and holds
// counts; it has nothing for each sample of the pool.
type State struct {
	Done int // steps

	Dense     Network // untrained
	Parent    Network // what the selector is pruned from and fused into
	Untrained Network // what a selector is trained from
	Selector  Network // the last one trained, none after a synchronisation
	Fused     Network // before it is trained
	Trained   Network // the full network, on all labels
	Deploy    Network

	Stopped *Stopped // nil where no rule ended the rounds

	Classes int        // outputs of the model; 0 before there are labels, and in logs of before they were told
	Labels  []Batch    // labelled, in order
	Chosen  *Batch     // chosen and not labelled yet
	Scores  []Artefact // of the last pass, until something is chosen by them

	Choices    []Choice
	Results    []Result
	Judgements []Judgement
	Curves     []report.Curve
	Layers     []report.Layer // of the last pruning
	Costs      []Cost
}

// Batch is samples that are labelled together.
type Batch struct {
	File    Artefact `json:"file"`
	Samples int      `json:"samples"`
	NoLabel int      `json:"no_label,omitempty"` // beside these, samples that cannot be labelled
	Log     LogHead  `json:"log,omitzero"`       // of the labels of people, when these were taken
}

// Choice is what was chosen in a round.
type Choice struct {
	Batch
	Strategy string   `json:"strategy"`
	Pool     int      `json:"pool"`              // samples it was chosen from
	Skipped  int      `json:"skipped,omitempty"` // of these, such as have no score
	Pictures Artefact `json:"pictures,omitzero"` // what the report shows of it
}

// Result is how well a network does on the held-out samples.
type Result struct {
	Role    Role `json:"role"`
	Labels  int  `json:"labels"` // it was trained on
	Correct int  `json:"correct"`
	Total   int  `json:"total"`
}

// Role is the place that a tested network has in its arm.
type Role string

// The roles.
const (
	Picked Role = "selector" // the network that chooses
	Fused  Role = "fused"    // before it is trained
	Final  Role = "final"    // the full network, on all labels
)

// Labelled is the number of samples with a label.
func (s State) Labelled() int {
	n := 0
	for _, b := range s.Labels {
		n += b.Samples
	}
	return n
}

// Apply returns the state after an event. The state itself stays as it is.
func (s State) Apply(e Event) State {
	s.Done++
	e.Body.apply(&s)
	if e.Work != (Work{}) {
		s.Costs = append(slices.Clip(s.Costs), Cost{e.Step, e.Work, e.Seconds, e.Waited})
	}
	return s
}

// needs reports whether a file is one that the state names.
func (s State) needs(path string) bool {
	return slices.ContainsFunc(s.Artefacts(), func(a Artefact) bool { return a.Path == path })
}

// Artefacts are the files that the state names.
func (s State) Artefacts() []Artefact {
	var out []Artefact
	add := func(files ...Artefact) {
		for _, f := range files {
			if f != (Artefact{}) {
				out = append(out, f)
			}
		}
	}
	for _, n := range []Network{s.Dense, s.Parent, s.Untrained, s.Selector, s.Fused, s.Trained, s.Deploy} {
		add(n.File)
	}
	for _, b := range s.Labels {
		add(b.File)
	}
	if s.Chosen != nil {
		add(s.Chosen.File)
	}
	add(s.Scores...)
	for _, c := range s.Choices {
		add(c.File, c.Pictures)
	}
	return out
}
