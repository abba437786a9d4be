package scoring

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/prunefuse/prunefuse/internal/seeded"
)

// errStopped says that the caller left the loop.
var errStopped = errors.New("stopped")

// pass is one run over a pool. Batches go round a ring of goroutines:
// dispatch hands out what to read, readers fill, lanes run the model and turn
// its outputs into records, and the caller's goroutine passes the records on
// and gives the batch back. The lanes finish in any order; the queue that the
// caller takes batches from has the order of the pool.
type pass struct {
	classifier Classifier
	ensemble   Ensemble // the classifier where it is one, else nil
	pool       Pool
	labels     Labels // nil where the pool has none
	opts       Options
	measures   []Measure // by name, ascending
	names      []string  // theirs

	first, end                int // the samples to score
	sample, classes, features int
	members                   int // rows of logits a sample has
	lanes                     int
}

// batch holds the buffers of up to Options.Batch consecutive samples.
type batch struct {
	start, n     int
	input        []float32
	logits       []float32
	keys         []uint64  // of the samples' IDs, for an ensemble
	features     []float32 // nil when not asked for
	distribution []float32 // of the classes, the same
	labels       []int
	records      []Record
	errs         []error // why a sample has no record
	failed       error   // why none has

	unread atomic.Int32  // samples still to be read
	ready  chan struct{} // told when none is
	scored chan struct{} // told when records and errs are complete
}

// span is a stretch of a batch that one reader takes at a time.
type span struct {
	b      *batch
	lo, hi int
}

func (s *pass) newBatch() *batch {
	b := &batch{
		input:   make([]float32, s.opts.Batch*s.sample),
		logits:  make([]float32, s.opts.Batch*s.members*s.classes),
		records: make([]Record, s.opts.Batch),
		errs:    make([]error, s.opts.Batch),
		ready:   make(chan struct{}, 1),
		scored:  make(chan struct{}, 1),
	}
	if s.ensemble != nil {
		b.keys = make([]uint64, s.opts.Batch)
	}
	return b
}

// How far reading runs ahead of the model, so that neither waits for the other
// at every batch where threads take turns on few cores: in samples, and in
// bytes, of which one batch for each lane is there in any case.
const (
	samplesAhead = 256
	bytesAhead   = 32 << 20
)

// HeapPercent is what a program that mostly scores should give to
// debug.SetGCPercent. A pass leaves little to collect, so the heap takes long to
// fill whatever room it is given: with this, it comes to about the same for a
// small pool and a large one, and collecting costs next to nothing.
const HeapPercent = 20

// inFlight returns the number of batches in memory: one in the model for each lane,
// one whose records are being taken, and those being read.
func (s *pass) inFlight() int {
	ahead := min(samplesAhead, bytesAhead/(4*max(1, s.sample))) / s.opts.Batch
	return s.lanes + 1 + max(s.lanes, ahead)
}

func (s *pass) run(outer context.Context, yield func(Record) bool) (err error) {
	inner, cancel := context.WithCancel(outer)
	group, ctx := errgroup.WithContext(inner)
	ring := s.inFlight()
	free := make(chan *batch, ring)
	for range min(ring, (s.end-s.first+s.opts.Batch-1)/s.opts.Batch) {
		free <- s.newBatch()
	}
	spans := make(chan span)
	queue, order := make(chan *batch, ring), make(chan *batch, ring)
	group.Go(func() error { return s.dispatch(ctx, free, spans, queue, order) })
	for range s.opts.Workers {
		group.Go(func() error { return s.read(ctx, spans) })
	}
	for range s.lanes {
		group.Go(func() error { return s.infer(ctx, queue) })
	}

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
	for b := range order {
		select {
		case <-b.scored:
		case <-ctx.Done():
			return nil
		}
		if outer.Err() != nil || b.failed != nil {
			return b.failed
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
func (s *pass) dispatch(ctx context.Context, free <-chan *batch, spans chan<- span, queue, order chan<- *batch) error {
	defer close(spans)
	defer close(queue)
	defer close(order)
	for start := s.first; start < s.end; start += s.opts.Batch {
		var b *batch
		select {
		case b = <-free:
		case <-ctx.Done():
			return ctx.Err()
		}
		b.start, b.n = start, min(s.opts.Batch, s.end-start)
		b.unread.Store(int32(b.n))
		queue <- b // both have room for every batch there is
		order <- b
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

// read fills spans. A sample that cannot be read becomes zero, so that
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
			sp.b.ready <- struct{}{}
		}
	}
	return nil
}

// infer runs a lane: it takes batches in the order of the pool and makes their
// records.
func (s *pass) infer(ctx context.Context, queue <-chan *batch) error {
	row := &Row{}
	for b := range queue {
		select {
		case <-b.ready:
		case <-ctx.Done():
			return ctx.Err()
		}
		// A failure waits for its turn, so that the records before it come out.
		if b.failed = s.logits(ctx, b); b.failed != nil {
			b.failed = fmt.Errorf("samples %d to %d: %w", b.start, b.start+b.n-1, b.failed)
		} else {
			s.score(b, row)
		}
		b.scored <- struct{}{}
	}
	return nil
}

// logits runs the model on a batch that has a sample to run it on. Features go
// to memory of their own, as the records keep it.
func (s *pass) logits(ctx context.Context, b *batch) error {
	if !slices.Contains(b.errs[:b.n], nil) {
		return nil
	}
	if s.features > 0 {
		b.features = make([]float32, b.n*s.features)
	}
	input, logits := b.input[:b.n*s.sample], b.logits[:b.n*s.members*s.classes]
	if s.ensemble == nil {
		return s.classifier.Logits(ctx, input, b.n, logits, b.features)
	}
	for i := range b.n {
		b.keys[i] = seeded.Key(s.pool.ID(b.start + i))
	}
	return s.ensemble.MemberLogits(ctx, input, b.n, b.keys[:b.n], logits, b.features)
}

// score fills in the records of a batch. What they keep is allocated once a
// batch.
func (s *pass) score(b *batch, row *Row) {
	values := make([]float64, b.n*len(s.measures))
	if s.labels != nil {
		b.labels = make([]int, b.n)
	}
	if s.opts.Distribution {
		b.distribution = make([]float32, b.n*s.classes)
	}
	for i := range b.n {
		r := &b.records[i]
		*r = Record{Index: b.start + i, ID: s.pool.ID(b.start + i)}
		if b.errs[i] != nil {
			continue
		}
		at := i * len(s.measures)
		r.Scores = Scores{s.names, values[at : at+len(s.measures) : at+len(s.measures)]}
		b.errs[i] = s.record(b, i, row)
	}
}

// record fills in the record of one sample, which has its index and ID.
func (s *pass) record(b *batch, i int, row *Row) error {
	r := &b.records[i]
	if err := s.setRow(b, i, row); err != nil {
		return err
	}
	if s.features > 0 {
		r.Features = b.features[i*s.features : (i+1)*s.features : (i+1)*s.features]
		if err := CheckFinite(r.Features); err != nil {
			return err
		}
	}
	if s.opts.Distribution {
		r.Probabilities = b.distribution[i*s.classes : (i+1)*s.classes : (i+1)*s.classes]
		for k, p := range row.P {
			r.Probabilities[k] = float32(p)
		}
	}
	if s.labels != nil {
		if b.labels[i] = s.labels.Label(r.Index); b.labels[i] >= 0 {
			r.Label = &b.labels[i]
		}
	}
	row.Draw = seeded.Uniform(s.opts.Seed, r.ID)
	r.Class, r.Confidence = row.First, row.P[row.First]
	for k := range s.measures {
		r.Scores.values[k] = s.measures[k].Of(row)
	}
	return nil
}

// setRow turns the logits of sample i of a batch into probabilities.
func (s *pass) setRow(b *batch, i int, row *Row) error {
	width := s.members * s.classes
	values := b.logits[i*width : (i+1)*width]
	switch {
	case s.ensemble != nil:
		return row.SetMembers(values, s.classes, s.opts.Probabilities)
	case s.opts.Probabilities:
		return row.SetProbabilities(values)
	default:
		return row.SetLogits(values)
	}
}

// emit passes on the records of a batch.
func (s *pass) emit(b *batch, yield func(Record) bool) error {
	for i := range b.n {
		r, err := &b.records[i], b.errs[i]
		switch skipped := (Skipped{r.Index, r.ID, err}); {
		case err == nil:
			if !yield(*r) {
				return errStopped
			}
		case s.opts.Skip == nil:
			return skipped
		default:
			s.opts.Skip(skipped)
		}
	}
	if s.opts.Progress != nil {
		s.opts.Progress(b.start+b.n-s.first, s.end-s.first)
	}
	return nil
}
