package training

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"time"

	"github.com/prunefuse/prunefuse/data"
	"github.com/prunefuse/prunefuse/onnxio"
)

// Options say how to train. The zero value is ten epochs of plain gradient
// descent at a rate of 0.1 with batches of 128, shuffled by seed 0, without
// augmentation.
type Options struct {
	// Step is what one step does. Whether it accumulates follows from
	// Accumulate.
	Step StepOptions

	Batch    int  // samples; 0 is 128, and never more than the set
	DropLast bool // leave out an epoch's last batch where it is smaller
	// Accumulate is the number of batches whose mean gradient a step takes;
	// 0 is one. What an epoch leaves over makes a step of fewer.
	Accumulate int

	// Schedule is the learning rate; nil is 0.1.
	Schedule Schedule
	// Epochs is the length of the run; 0 is that of Phases, and 10 for other
	// schedules.
	Epochs int
	// Steps is the length of the run instead, where it is not 0; so runs on
	// sets of different sizes can be given the same number of steps. Phases
	// keep their proportions.
	Steps int
	// Warmup is the number of first steps over which the rate rises to its
	// value in equal parts. What is no Phases begins after it.
	Warmup int

	Augment   Augment
	Normalize Normalize

	// Dynamics, where not nil, is gathered into History.Dynamics.
	Dynamics *DynamicsOptions

	// Teacher is whom Step.Loss.Distill learns from.
	Teacher *Teacher

	// Seed determines the order of the samples and their augmentation.
	Seed uint64
	// Workers is how many goroutines read; 0 is one a core.
	Workers int

	// Validation is evaluated after every epoch, nil for not at all.
	Validation Set

	// Monitor is what of the validation tells a better epoch; "" is its loss.
	Monitor Monitor
	// Patience, where above 0, ends the run after so many epochs in a row that
	// were not better than the best one before.
	Patience int
	// Best is the file that gets the model whenever an epoch is the best so
	// far; Train returns the last. Empty is none.
	Best string

	// Checkpoint is the file that holds the state of the run: written every
	// Every steps (0: after every epoch), at the end, and when the context
	// ends. Empty is no checkpoint.
	Checkpoint string
	Every      int
	// Resume goes on from Checkpoint where that file exists. It must be of
	// the same model, set size and options; the length of the run and what
	// is left of the schedule may differ.
	Resume bool

	// OnStart is told before the first step how many are done already and
	// how many there are: a model or options that cannot be trained with are
	// refused before that. Progress is told after every step, OnEpoch after every
	// epoch. All are called on the caller's goroutine.
	OnStart  func(done, steps int)
	Progress func(Progress)
	OnEpoch  func(Epoch)
}

const defaultBatch = 128

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

// hire opens the teacher where the loss has one.
func (t *trainer) hire() (err error) {
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

// prepare checks the rest of what was given and takes up a checkpoint.
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
	t.pace = pace{batches: n / t.o.Batch, accumulate: t.o.Accumulate}
	if n%t.o.Batch != 0 && !t.o.DropLast {
		t.pace.batches++
	}
	if t.schedule, err = newSchedule(t.o.Schedule, t.pace.perEpoch(), t.o.Epochs, t.o.Steps, t.o.Warmup); err != nil {
		return err
	}
	if t.o.Dynamics != nil {
		if t.dynamics, err = newDynamics(t.o, t.source, t.step.graph.norms); err != nil {
			return err
		}
	}
	if err := t.hire(); err != nil {
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

// run takes the steps that are left.
func (t *trainer) run(outer context.Context) (err error) {
	ctx, cancel := context.WithCancel(outer)
	if t.teacher != nil {
		if err := t.teacher.openCache(ctx, t.o.Batch); err != nil {
			cancel()
			return err
		}
	}
	f, err := t.newFeed()
	if err != nil {
		cancel()
		return err
	}
	fed := make(chan error, 1)
	go func() { fed <- f.run(ctx) }()
	defer func() {
		cancel()
		readErr := <-fed
		f.close()
		switch {
		case err == nil && t.over():
		case outer.Err() != nil:
			err = context.Cause(outer)
			if saveErr := t.save(); saveErr != nil {
				err = fmt.Errorf("%w; %w", err, saveErr)
			}
		case err == nil:
			err = t.withLastGood(readErr)
		}
	}()
	t.begun = time.Now()
	if t.o.OnStart != nil {
		t.o.OnStart(t.done, t.schedule.steps)
	}
	for {
		if err := t.pause(ctx); err != nil {
			return err
		}
		if t.over() {
			return t.finish()
		}
		begin := time.Now()
		b, ok := <-f.out
		if !ok {
			return nil // the reader's error says why
		}
		waited := time.Since(begin)
		err := t.take(ctx, b, begin, waited)
		f.give(b)
		if err != nil {
			return err
		}
	}
}

// take puts a batch through the step, which it may end, and accounts for it.
func (t *trainer) take(ctx context.Context, b *Batch, begin time.Time, waited time.Duration) error {
	rate := t.schedule.rate(t.done)
	done := t.pace.steps(t.batches + 1)
	var loss float32
	var err error
	if done > t.done {
		loss, err = t.step.Run(ctx, b, rate)
	} else {
		loss, err = t.step.Accumulate(ctx, b)
	}
	if err != nil {
		return t.withLastGood(fmt.Errorf("step %d: %w", t.done+1, err))
	}
	if !finite(loss) {
		return t.diverged(b, loss, rate)
	}
	if t.dynamics != nil {
		t.dynamics.add(b, t.source.set, t.batches/t.pace.batches)
	}
	t.batches++
	seconds := time.Since(begin).Seconds()
	batch := tally{
		Samples: b.Len(), Correct: b.Correct(), Loss: float64(loss) * float64(b.Len()),
		Rate: rate, Seconds: seconds, Waited: waited.Seconds(),
	}
	t.epoch.add(batch)
	t.group.add(batch)
	t.history.Samples += b.Len()
	t.history.Seconds += seconds
	t.history.Waited += waited.Seconds()
	t.samples += b.Len()
	t.seconds += seconds
	if done == t.done {
		return nil
	}
	t.done = done
	t.history.Steps = done
	t.steps++
	group := t.group
	t.group = tally{}
	if t.o.Progress != nil {
		t.o.Progress(t.progress(group, rate))
	}
	return nil
}

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

// pause does what comes between two steps: the end of an epoch, also of one
// whose last step was the last before a resume, and checkpoints.
func (t *trainer) pause(ctx context.Context) error {
	ended := t.epoch.Samples > 0 && (t.batches%t.pace.batches == 0 || t.done == t.schedule.steps)
	if ended {
		if err := t.endEpoch(ctx); err != nil {
			return err
		}
	}
	if ended && t.o.Every == 0 || t.o.Every > 0 && t.done > 0 && t.done%t.o.Every == 0 && t.group.Samples == 0 {
		return t.save()
	}
	return nil
}

func (t *trainer) endEpoch(ctx context.Context) error {
	e := t.epoch.epoch((t.batches-1)/t.pace.batches+1, t.done)
	var m *onnxio.Model
	if t.o.Validation != nil {
		var err error
		if m, e.Validation, err = t.validate(ctx); err != nil {
			return fmt.Errorf("validation: %w", err)
		}
	}
	t.epoch = tally{}
	t.history.Epochs = append(t.history.Epochs, e)
	if err := t.compare(m); err != nil {
		return err
	}
	if t.o.OnEpoch != nil {
		t.o.OnEpoch(e)
	}
	return nil
}

func (t *trainer) validate(ctx context.Context) (*onnxio.Model, *Validation, error) {
	begin := time.Now()
	m, err := t.step.Model()
	if err != nil {
		return nil, nil, err
	}
	v, err := Evaluate(ctx, m, t.o.Validation, EvalOptions{
		Batch: t.o.Batch, Workers: t.o.Workers, Normalize: t.o.Normalize, Logits: t.o.Step.Logits, Loss: t.o.Step.Loss.kind(), Session: t.o.Step.Session,
	})
	if err != nil {
		return nil, nil, err
	}
	return m, &Validation{Loss: v.Loss, Accuracy: v.Accuracy, Seconds: time.Since(begin).Seconds()}, nil
}

// finish sees to it that what the last step left can be used.
func (t *trainer) finish() error {
	if name := t.step.broken(); name != "" {
		return fmt.Errorf("the last step left weight %q without a finite value: lower the learning rate", name)
	}
	if t.dynamics != nil {
		t.history.Dynamics = t.dynamics.samples()
	}
	return t.save()
}

// newFeed makes the buffers and the reading ahead of the steps that are left.
func (t *trainer) newFeed() (*feed, error) {
	f := &feed{
		reader: t.source, teacher: t.teacher, seed: t.o.Seed, workers: t.o.Workers, batch: t.o.Batch, pace: t.pace,
		first: t.batches, end: t.pace.until(t.schedule.steps),
		full: make(chan *Batch, readAhead), rest: make(chan *Batch, 1), out: make(chan *Batch, readAhead),
	}
	if t.source.mix != (data.Mix{}) {
		f.raw, f.rawTarget = make([]float32, t.o.Batch*f.size), make([]float32, t.o.Batch*t.step.graph.outputs)
	}
	sizes := slices.Repeat([]int{t.o.Batch}, readAhead)
	if n := t.source.set.Len() % t.o.Batch; n != 0 && !t.o.DropLast {
		sizes = append(sizes, n)
	}
	for _, n := range sizes {
		b, err := t.step.NewBatch(n)
		if err != nil {
			f.close()
			return nil, err
		}
		b.several = t.source.targets != nil && t.o.Step.Loss.binary()
		f.all = append(f.all, b)
		f.give(b)
	}
	return f, nil
}
