package training

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/prunefuse/prunefuse/onnxio"
)

// Train trains a model on a set and returns it with its new weights and
// running statistics; everything else in it is unchanged, and so is the
// argument. ort.Init must have succeeded. When ctx ends, the error is its
// error and the history what was done until then; with a Checkpoint, nothing
// of it is lost.
func Train(ctx context.Context, m *onnxio.Model, set Set, o Options) (*onnxio.Model, *History, error) {
	t, err := newTrainer(m, set, o)
	if err != nil {
		return nil, nil, fmt.Errorf("train: %w", err)
	}
	defer t.Close()
	if err := t.run(ctx); err != nil {
		return nil, &t.history, fmt.Errorf("train: %w", err)
	}
	out, err := t.step.Model()
	if err != nil {
		return nil, &t.history, fmt.Errorf("train: %w", err)
	}
	return out, &t.history, nil
}

// trainer is one run.
type trainer struct {
	o        Options
	step     *Step
	source   *reader
	teacher  *teacher  // nil where nothing is distilled
	dynamics *dynamics // nil where none are gathered
	schedule *schedule
	pace     pace
	origin   string // fingerprint of the model as it was given
	lesson   lesson // what is learnt from the teacher

	done    int   // steps
	batches int   // taken, in them and in the step under way
	group   tally // of that step
	epoch   tally
	history History
	saved   int // batches in the checkpoint, -1 where this run has none
	good    int // steps in it

	// What this process did, for the progress it tells.
	begun   time.Time
	steps   int
	samples int
	seconds float64
}

func newTrainer(m *onnxio.Model, set Set, o Options) (*trainer, error) {
	switch {
	case o.Batch < 0:
		return nil, fmt.Errorf("a batch of %d samples", o.Batch)
	case o.Every < 0:
		return nil, fmt.Errorf("a checkpoint every %d steps", o.Every)
	case o.Accumulate < 0:
		return nil, fmt.Errorf("a step of %d batches", o.Accumulate)
	}
	o.Accumulate = max(o.Accumulate, 1)
	o.Step.Accumulate = o.Accumulate > 1
	if o.Batch == 0 {
		o.Batch = defaultBatch
	}
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if o.Step.Sample == nil {
		o.Step.Sample = set.Shape()
	}
	o.Step.norms = o.Dynamics != nil
	t := &trainer{o: o, saved: -1}
	var err error
	if t.step, err = newStep(m, o.Step); err != nil {
		return nil, err
	}
	if err := t.prepare(m, set); err != nil {
		return nil, errors.Join(err, t.Close())
	}
	return t, nil
}

func (t *trainer) Close() error {
	t.teacher.close()
	return t.step.Close()
}

// openTeacher opens the teacher where the loss has one.
func (t *trainer) openTeacher() (err error) {
	o := t.o.Teacher
	switch {
	case (o == nil) != (t.o.Step.Loss.Distill == 0):
		return errors.New("distillation: a teacher and a weight above 0 go together")
	case o == nil:
		return nil
	case o.Cache != "" && t.o.Augment != (Augment{}):
		return errors.New("distillation: kept answers of the teacher are those to samples as they are; leave out the augmentation or the cache")
	}
	t.teacher, err = newTeacher(*o, t.source, t.step.graph.outputs, t.o.Step.Session)
	return err
}

// prepare checks the sets and the options, and goes on from a checkpoint.
func (t *trainer) prepare(m *onnxio.Model, set Set) (err error) {
	if t.source, err = newReader(set, t.step.Sample(), t.step.Classes(), t.o.Augment, t.o.Normalize); err != nil {
		return err
	}
	if t.o.Validation != nil {
		if _, err := newReader(t.o.Validation, t.step.Sample(), t.step.Classes(), Augment{}, t.o.Normalize); err != nil {
			return fmt.Errorf("validation: %w", err)
		}
	}
	if err := t.o.checkMonitor(); err != nil {
		return err
	}
	n := set.Len()
	t.o.Batch = min(t.o.Batch, n)
	if lone := t.step.graph.lone; t.o.Batch == 1 && lone != nil {
		return fmt.Errorf("%v normalises over a single value in a batch of one sample; take batches of 2 or more (--batch)", lone)
	}
	t.pace = newPace(n, t.o.Batch, t.o.DropLast, t.step.graph.lone != nil, t.o.Accumulate)
	if t.schedule, err = newSchedule(t.o.Schedule, t.pace.perEpoch(), t.o.Epochs, t.o.Steps, t.o.Warmup); err != nil {
		return err
	}
	if t.o.Dynamics != nil {
		if t.dynamics, err = newDynamics(t.o, t.source, t.step.graph.norms); err != nil {
			return err
		}
	}
	if err := t.openTeacher(); err != nil {
		return err
	}
	if t.o.Checkpoint == "" {
		return nil
	}
	if t.origin, err = m.Fingerprint(); err != nil {
		return err
	}
	if t.teacher != nil {
		t.lesson.Normalize = t.teacher.Normalize
		if t.lesson.Model, err = t.teacher.Model.Fingerprint(); err != nil {
			return err
		}
	}
	if t.o.Resume {
		return t.resume()
	}
	return nil
}
