package scoring

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// errStopped says that the caller left the loop.
var errStopped = errors.New("stopped")

// pass is one run over a pool. Batches go round a ring of goroutines:
// dispatch hands out what to read, readers fill, infer runs the model, and
// the caller's goroutine turns outputs into records and gives the batch back.
// Only the queue between dispatch and infer is ordered, and that is enough.
type pass struct {
	classifier Classifier
	ensemble   Ensemble // the classifier where it is one, else nil
	pool       Pool
	labels     Labels // nil where the pool has none
	opts       Options
	measures   []Measure

	total, sample, classes, features int
	members                          int // rows of logits a sample has

	row Row
}

// batch holds the buffers of up to Options.Batch consecutive samples.
type batch struct {
	start, n int
	input    []float32
	logits   []float32
	keys     []uint64  // of the samples' IDs, for an ensemble
	features []float32 // nil when not asked for
	errs     []error   // why a sample could not be read

	unread atomic.Int32  // samples still to be read
	ready  chan struct{} // closed when none is
}

// span is a part of a batch that one reader takes at a time.
type span struct {
	b      *batch
	lo, hi int
}

func (s *pass) newBatch() *batch {
	b := &batch{
		input:  make([]float32, s.opts.Batch*s.sample),
		logits: make([]float32, s.opts.Batch*s.members*s.classes),
		errs:   make([]error, s.opts.Batch),
	}
	if s.ensemble != nil {
		b.keys = make([]uint64, s.opts.Batch)
	}
	if s.features > 0 {
		b.features = make([]float32, s.opts.Batch*s.features)
	}
	return b
}

func (s *pass) run(outer context.Context, yield func(Record) bool) (err error) {
	inner, cancel := context.WithCancel(outer)
	group, ctx := errgroup.WithContext(inner)
	free := make(chan *batch, readAhead)
	for range min(readAhead, (s.total+s.opts.Batch-1)/s.opts.Batch) {
		free <- s.newBatch()
	}
	spans := make(chan span)
	queue := make(chan *batch, readAhead)
	done := make(chan *batch, readAhead)
	group.Go(func() error { return s.dispatch(ctx, free, spans, queue) })
	for range s.opts.Workers {
		group.Go(func() error { return s.read(ctx, spans) })
	}
	group.Go(func() error { return s.infer(ctx, queue, done) })

	defer func() {
		cancel()
		failed := group.Wait()
		switch {
		case outer.Err() != nil && !errors.Is(err, errStopped):
			err = context.Cause(outer)
		case err == nil:
			err = failed
		}
	}()
	for b := range done {
		if outer.Err() != nil {
			return nil
		}
		if err := s.emit(b, yield); err != nil {
			return err
		}
		free <- b
	}
	return nil
}

// dispatch cuts the pool into batches and each batch into spans, small
// enough to keep every reader busy and large enough for the hand-over not
// to count.
func (s *pass) dispatch(ctx context.Context, free <-chan *batch, spans chan<- span, queue chan<- *batch) error {
	defer close(spans)
	defer close(queue)
	for start := 0; start < s.total; start += s.opts.Batch {
		var b *batch
		select {
		case b = <-free:
		case <-ctx.Done():
			return ctx.Err()
		}
		b.start, b.n = start, min(s.opts.Batch, s.total-start)
		b.unread.Store(int32(b.n))
		b.ready = make(chan struct{})
		queue <- b // has room for every batch there is
		step := max(1, min(16, b.n/s.opts.Workers))
		for lo := 0; lo < b.n; lo += step {
			select {
			case spans <- span{b, lo, min(lo+step, b.n)}:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
	return nil
}

// read fills spans. A sample that cannot be read is left zero, so that
// nothing of the batch before it reaches the model.
func (s *pass) read(ctx context.Context, spans <-chan span) error {
	for sp := range spans {
		for i := sp.lo; i < sp.hi; i++ {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			dst := sp.b.input[i*s.sample : (i+1)*s.sample : (i+1)*s.sample]
			if sp.b.errs[i] = s.pool.Read(sp.b.start+i, dst); sp.b.errs[i] != nil {
				clear(dst)
			}
		}
		if sp.b.unread.Add(int32(sp.lo-sp.hi)) == 0 {
			close(sp.b.ready)
		}
	}
	return nil
}

func (s *pass) infer(ctx context.Context, queue <-chan *batch, done chan<- *batch) error {
	defer close(done)
	for b := range queue {
		select {
		case <-b.ready:
		case <-ctx.Done():
			return ctx.Err()
		}
		if slices.Contains(b.errs[:b.n], nil) {
			err := s.logits(ctx, b)
			if err != nil {
				return fmt.Errorf("samples %d to %d: %w", b.start, b.start+b.n-1, err)
			}
		}
		done <- b // has room for every batch there is
	}
	return ctx.Err()
}

// logits runs the classifier over a batch.
func (s *pass) logits(ctx context.Context, b *batch) error {
	var features []float32
	if b.features != nil {
		features = b.features[:b.n*s.features]
	}
	input, logits := b.input[:b.n*s.sample], b.logits[:b.n*s.members*s.classes]
	if s.ensemble == nil {
		return s.classifier.Logits(ctx, input, b.n, logits, features)
	}
	for i := range b.n {
		b.keys[i] = keyOf(s.pool.ID(b.start + i))
	}
	return s.ensemble.MemberLogits(ctx, input, b.n, b.keys[:b.n], logits, features)
}

// emit yields the records of a batch.
func (s *pass) emit(b *batch, yield func(Record) bool) error {
	for i := range b.n {
		r, err := s.record(b, i)
		switch skipped := (Skipped{r.Index, r.ID, err}); {
		case err == nil:
			if !yield(r) {
				return errStopped
			}
		case s.opts.Skip == nil:
			return skipped
		default:
			s.opts.Skip(skipped)
		}
	}
	if s.opts.Progress != nil {
		s.opts.Progress(b.start+b.n, s.total)
	}
	return nil
}

func (s *pass) record(b *batch, i int) (Record, error) {
	r := Record{Index: b.start + i}
	r.ID = s.pool.ID(r.Index)
	if b.errs[i] != nil {
		return r, b.errs[i]
	}
	if err := s.setRow(b, i); err != nil {
		return r, err
	}
	if b.features != nil {
		r.Features = slices.Clone(b.features[i*s.features : (i+1)*s.features])
		if err := checkFinite(r.Features); err != nil {
			return r, err
		}
	}
	if s.labels != nil {
		if label := s.labels.Label(r.Index); label >= 0 {
			r.Label = &label
		}
	}
	s.row.Draw = draw(s.opts.Seed, r.ID)
	r.Class, r.Confidence = s.row.First, s.row.P[s.row.First]
	r.Scores = make(map[string]float64, len(s.measures))
	for _, m := range s.measures {
		r.Scores[m.Name] = m.Of(&s.row)
	}
	return r, nil
}

// setRow turns the logits of sample i of a batch into probabilities.
func (s *pass) setRow(b *batch, i int) error {
	width := s.members * s.classes
	values := b.logits[i*width : (i+1)*width]
	switch {
	case s.ensemble != nil:
		return s.row.SetMembers(values, s.classes, s.opts.Probabilities)
	case s.opts.Probabilities:
		return s.row.SetProbabilities(values)
	default:
		return s.row.SetLogits(values)
	}
}
