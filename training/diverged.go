package training

import (
	"fmt"
	"strings"
)

// diverged is the error of the step on a batch that comes next.
func (t *trainer) diverged(b *Batch, loss, rate float32) error {
	e := &DivergedError{Step: t.done + 1, Epoch: t.batches/t.pace.batches + 1, Loss: loss, Rate: rate}
	for _, i := range b.index {
		e.Samples = append(e.Samples, t.source.name(i))
	}
	if t.saved >= 0 {
		e.Checkpoint, e.Good = t.o.Checkpoint, t.good
	}
	return e
}

// withLastGood adds where the run can be taken up again.
func (t *trainer) withLastGood(err error) error {
	if err == nil || t.saved < 0 {
		return err
	}
	return fmt.Errorf("%w; %s holds the state after step %d", err, t.o.Checkpoint, t.good)
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
