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
}

// Oracle knows labels, or knows who does.
type Oracle interface {
	// Label answers for every sample of a batch, in its order. An error that is
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
		out[i] = Answer{s.Index, k.Pool.Label(s.Index)}
		if out[i].Label < 0 {
			return nil, fmt.Errorf("sample %s has no label; a run simulates labelling and needs them all", s.ID)
		}
	}
	return out, nil
}

// checkKnown refuses a pool that lacks labels before anything is computed.
func checkKnown(s data.Set) error {
	for i := range s.Len() {
		if s.Label(i) < 0 {
			return fmt.Errorf("sample %s has no label; a run simulates labelling and needs them all", s.ID(i))
		}
	}
	return nil
}
