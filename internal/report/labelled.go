package report

import (
	"fmt"
	"slices"
)

// Round is one batch that was chosen to be labelled.
type Round struct {
	Arm      string `json:"arm"`
	Name     string `json:"name"` // "first labels", "round 1"
	Strategy string `json:"strategy"`
	Pool     int    `json:"pool"`   // samples it was chosen from
	Chosen   int    `json:"chosen"` // samples
	// Labels are those in use after the batch was labelled, of all batches; 0 while it
	// waits for them.
	Labels  int `json:"labels"`
	NoLabel int `json:"no_label,omitempty"` // samples of which people say that they cannot be labelled
	// Counts are the new labels by class; nil while the batch waits for them.
	Counts []int `json:"counts,omitempty"`
	// Shared says that the arm took the batch over from the first arm.
	Shared bool    `json:"shared,omitempty"`
	Thumbs []Thumb `json:"thumbs,omitempty"` // the first images of the batch, where a network chose it

	Known  int `json:"known"`  // classes; derived, as those below
	Seen   int `json:"seen"`   // of these, with a label after the batch
	Fewest int `json:"fewest"` // labels of a class after the batch, over the classes
	Most   int `json:"most"`
}

// Balance is how many labels of each class an arm has.
type Balance struct {
	Arm    string `json:"arm"`
	Counts []int  `json:"counts"` // by class
}

// People are those who labelled for a run, and how well they agree.
type People struct {
	Annotators []Annotator `json:"annotators"` // by their names
	// Alpha is Krippendorff's α, and Kappa Fleiss' κ; nil where it is not defined.
	Alpha     *float64 `json:"alpha,omitempty"`
	Kappa     *float64 `json:"kappa,omitempty"`
	Shared    int      `json:"shared"`    // samples to which two or more gave a class
	Disagreed int      `json:"disagreed"` // samples whose answers differ
	// Problem says why answers that no step took are not counted, "" where they are.
	Problem string `json:"problem,omitempty"`
}

// Annotator is what one of the people said.
type Annotator struct {
	Name    string `json:"name"`
	Labels  int    `json:"labels"`  // answers with a class
	Skipped int    `json:"skipped"` // answers that a sample cannot be labelled
	Unsure  int    `json:"unsure"`
	Late    int    `json:"late"`   // samples first answered for after the labels of their batch were taken
	Shared  int    `json:"shared"` // labelled samples to which others gave a class as well
	Right   int    `json:"right"`  // of these, such as got the class of the label

	RightShare *float64 `json:"right_share,omitempty"` // of the shared ones; derived
}

// checkRounds returns the first thing that batches cannot be.
func (r *Report) checkRounds() error {
	for _, b := range r.Rounds {
		if b.Counts != nil && len(b.Counts) != len(r.Classes) {
			return fmt.Errorf("report: %s of the arm %s: counts of %d classes, and there are %d", b.Name, b.Arm, len(b.Counts), len(r.Classes))
		}
	}
	return nil
}

// balance adds up the labels of each arm by class.
func (r *Report) balance() {
	r.Balance = nil
	for i := range r.Rounds {
		b := &r.Rounds[i]
		b.Known, b.Seen, b.Fewest, b.Most = len(r.Classes), 0, 0, 0
		if len(b.Counts) == 0 {
			continue
		}
		k := slices.IndexFunc(r.Balance, func(o Balance) bool { return o.Arm == b.Arm })
		if k < 0 {
			k = len(r.Balance)
			r.Balance = append(r.Balance, Balance{b.Arm, make([]int, len(r.Classes))})
		}
		sum := r.Balance[k].Counts
		for class, n := range b.Counts {
			sum[class] += n
			if sum[class] > 0 {
				b.Seen++
			}
		}
		b.Fewest, b.Most = slices.Min(sum), slices.Max(sum)
	}
}

func (p *People) complete() {
	for i := range p.Annotators {
		a := &p.Annotators[i]
		a.RightShare = nil
		if a.Shared > 0 {
			share := ratio(float64(a.Right), float64(a.Shared))
			a.RightShare = &share
		}
	}
}
