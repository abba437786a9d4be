package training

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/prunefuse/prunefuse/internal/pixel"
)

// run takes the steps that remain.
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

// finish refuses weights that are not finite, and saves.
func (t *trainer) finish() error {
	if name := t.step.broken(); name != "" {
		return fmt.Errorf("the last step left weight %q without a finite value: lower the learning rate", name)
	}
	if t.dynamics != nil {
		t.history.Dynamics = t.dynamics.samples()
	}
	return t.save()
}

// newFeed makes the buffers and the reading ahead of the steps that remain.
func (t *trainer) newFeed() (*feed, error) {
	f := &feed{
		reader: t.source, teacher: t.teacher, seed: t.o.Seed, workers: t.o.Workers, pace: t.pace,
		first: t.batches, end: t.pace.until(t.schedule.steps),
		full: make(chan *Batch, readAhead), short: make(chan *Batch, 1), out: make(chan *Batch, readAhead),
	}
	if t.source.mix != (pixel.Mix{}) {
		most := max(t.pace.batch, t.pace.last)
		f.raw, f.rawTarget = make([]float32, most*f.size), make([]float32, most*t.step.graph.outputs)
	}
	sizes := slices.Repeat([]int{t.pace.batch}, readAhead)
	if t.pace.last != t.pace.batch {
		sizes = append(sizes, t.pace.last)
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
