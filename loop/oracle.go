package loop

import (
	"context"
	"errors"
	"fmt"

	"github.com/prunefuse/prunefuse/data"
)

// Sample is one that wants a label.
type Sample struct {
	Index int    // in the pool
	ID    string // its name there
}

// Answer is the label of a sample.
type Answer struct {
	Index int `json:"index"`
	Label int `json:"label"` // an output of the model
	// Skipped says that the sample cannot be labelled, whatever Label is. It is
	// never chosen again.
	Skipped bool `json:"skipped,omitempty"`
}

// Oracle knows labels, or knows who does.
type Oracle interface {
	// Label answers for the samples of a batch, in any order. One that is left
	// out stays in the pool and may be chosen again. There may be late answers,
	// for samples that were left out of an earlier batch. An error that is
	// ErrPending ends the run for now; when it is taken up, the same batch is
	// asked for again.
	Label(ctx context.Context, batch []Sample) ([]Answer, error)
}

// ErrPending says that people are at the labels that a run asked for.
var ErrPending = errors.New("labels are pending: run again when they are there")

// Known is the Oracle of a simulation: the labels are those of the pool.
type Known struct{ Pool data.Set }

// Label implements Oracle.
func (k Known) Label(_ context.Context, batch []Sample) ([]Answer, error) {
	out := make([]Answer, len(batch))
	for i, s := range batch {
		out[i] = Answer{Index: s.Index, Label: k.Pool.Label(s.Index)}
		if out[i].Label < 0 {
			return nil, fmt.Errorf("sample %s has no label; %s", s.ID, needsAll)
		}
	}
	return out, nil
}

const needsAll = "a run simulates labelling and needs them all, unless people label: label: {from: people}"

// checkKnown refuses a set that lacks labels before anything is computed. Help says
// what to do.
func checkKnown(s data.Set, help string) error {
	for i := range s.Len() {
		if s.Label(i) < 0 {
			return fmt.Errorf("sample %s has no label; %s", s.ID(i), help)
		}
	}
	return nil
}
