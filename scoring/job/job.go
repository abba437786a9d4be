package job

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/prunefuse/prunefuse/scoring"
	"github.com/prunefuse/prunefuse/scoring/selection"
)

// Job is a pass that goes on where it was stopped. Its methods are for one
// goroutine.
type Job struct {
	spec    Spec
	pool    scoring.Pool // the samples to score
	header  Header
	network *opened
	journal *journal // nil where none is kept

	numbered bool // samples keep their places among those to score
	skipped  []scoring.Skipped
	scored   int
	resumed  int       // of scored, those that the journal held
	began    time.Time // when the first sample that it lacks was asked for
}

// rowNames are the files of a run that hold a row a sample, as its header has them.
type rowNames struct{ features, probabilities string }

// Open makes the sessions of a job and opens its journal. Whatever does not fit is
// an error here: an [OpenError] where the network cannot be run, ErrJournalExists
// and ErrOtherRun of a journal. ort.Init must have succeeded.
func Open(ctx context.Context, s Spec) (*Job, error) {
	j, err := open(ctx, s, rowNames{})
	if err != nil {
		return nil, err
	}
	if err := j.openJournal(); err != nil {
		return nil, errors.Join(err, j.Close())
	}
	return j, nil
}

// open leaves the journal as it is.
func open(ctx context.Context, s Spec, beside rowNames) (*Job, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	j := &Job{spec: s, pool: s.pool()}
	var err error
	if j.network, err = s.open(ctx, j.pool.Shape(), s.Features, s.Seed); err != nil {
		return nil, err
	}
	if j.header, err = s.header(j.pool); err != nil {
		return nil, errors.Join(err, j.Close())
	}
	j.header.Embeddings, j.header.Probabilities = beside.features, beside.probabilities
	if err := scoring.Check(j.network.Classifier, j.pool, j.options()); err != nil {
		return nil, errors.Join(err, j.Close())
	}
	return j, nil
}

func (j *Job) openJournal() (err error) {
	if j.spec.Journal == "" {
		return nil
	}
	var rows []*journalRows
	if j.spec.Features {
		rows = append(rows, &journalRows{suffix: ".features", dim: j.network.FeatureLen(), of: func(r *scoring.Record) *[]float32 { return &r.Features }})
	}
	if j.spec.Probabilities {
		rows = append(rows, &journalRows{suffix: ".probabilities", dim: j.network.Classes(), of: func(r *scoring.Record) *[]float32 { return &r.Probabilities }})
	}
	j.journal, err = openJournal(j.spec.Journal, j.header, rows, j.spec.Resume, j.spec.Replace)
	return err
}

// Len returns the number of samples to score.
func (j *Job) Len() int { return j.header.End - j.header.First }

// Resumed counts the samples that a journal held when the job was opened.
func (j *Job) Resumed() int {
	if j.journal == nil {
		return 0
	}
	return j.journal.start - j.header.First
}

// Done counts the samples that are scored, or skipped, and kept.
func (j *Job) Done() int {
	if j.journal == nil {
		return 0
	}
	return j.journal.next - j.header.First
}

// Skipped returns the samples without a score, of those taken so far.
func (j *Job) Skipped() []scoring.Skipped { return j.skipped }

// Classifier returns the network that scores.
func (j *Job) Classifier() scoring.Classifier { return j.network.Classifier }

// Records yields the records of all samples, in order of their indices: those of
// the journal, and those of the pass that goes on from there. They are taken once.
// When the loop ends, early or not, nothing uses the pool and the network any more,
// and what was scored is in the journal. An error ends the sequence; it is the
// cause of ctx's end where that was cancelled.
func (j *Job) Records(ctx context.Context) iter.Seq2[scoring.Record, error] {
	return func(yield func(scoring.Record, error) bool) {
		j.spec.progress(StageScore, 0, j.Len())
		for r, err := range j.positions(ctx) {
			if err == nil {
				j.scored++
				r.Index = j.index(r.Index)
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}

// positions returns the records with their places among the samples to score.
func (j *Job) positions(ctx context.Context) iter.Seq2[scoring.Record, error] {
	return func(yield func(scoring.Record, error) bool) {
		if j.journal != nil {
			if !j.replay(ctx, yield) {
				return
			}
		}
		j.resumed, j.began = j.scored, time.Now()
		o := j.options()
		o.First, o.End, o.Skip = j.header.First+j.Resumed(), j.header.End, j.skip
		if o.First == o.End {
			return
		}
		o.Progress = func(done, _ int) { j.spec.progress(StageScore, j.Resumed()+done, j.Len()) }
		if j.journal != nil {
			o.Skip = func(s scoring.Skipped) {
				j.skip(s)
				j.journal.skip(s)
			}
		}
		for r, err := range scoring.Score(ctx, j.network.Classifier, j.pool, o) {
			if err == nil && j.journal != nil {
				err = j.journal.record(r)
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}

// options say what to compute of every sample.
func (j *Job) options() scoring.Options {
	return scoring.Options{
		Batch: j.spec.Batch, Seed: j.spec.Seed, Measures: j.spec.Measures, Probabilities: j.network.softmax,
		Features: j.spec.Features, Distribution: j.spec.Probabilities,
	}
}

// replay yields what the journal holds; more is false where that was enough.
func (j *Job) replay(ctx context.Context, yield func(scoring.Record, error) bool) (more bool) {
	for r, err := range j.journal.replay(j.skip) {
		switch {
		case err != nil:
		case ctx.Err() != nil:
			err = context.Cause(ctx)
		case j.pool.ID(r.Index) != r.ID:
			err = fmt.Errorf("%s: sample %d is %q, but in the pool %q", j.journal.path, r.Index, r.ID, j.pool.ID(r.Index))
		}
		if !yield(r, err) || err != nil {
			return false
		}
	}
	j.spec.progress(StageScore, j.Resumed(), j.Len())
	return true
}

// index returns the number that a sample goes by, from its place among those to
// score.
func (j *Job) index(place int) int {
	if j.spec.Samples == nil || j.numbered {
		return place
	}
	return j.spec.Samples.At(place)
}

func (j *Job) skip(s scoring.Skipped) {
	s.Index = j.index(s.Index)
	j.skipped = append(j.skipped, s)
	if j.spec.Skip != nil {
		j.spec.Skip(s)
	}
}

// Gather passes other samples, such as those that have a label, through the network
// and holds of them what a strategy needs. Every one of them has to have a score.
func (j *Job) Gather(ctx context.Context, p scoring.Pool, n selection.Needs) (selection.Candidates, error) {
	j.spec.progress(StageLabelled, 0, p.Len())
	o := j.options()
	o.Progress = func(done, total int) { j.spec.progress(StageLabelled, done, total) }
	c, err := selection.Gather(scoring.Score(ctx, j.network.Classifier, p, o), n)
	if err != nil {
		return selection.Candidates{}, err
	}
	return *c, nil
}

// Drop removes the journal, once what was made of the records is safe.
func (j *Job) Drop() {
	if j.journal != nil {
		j.journal.remove()
		j.journal = nil
	}
}

// Close releases the sessions. The journal stays, for a job that goes on, but for
// one that holds nothing.
func (j *Job) Close() error {
	var err error
	if j.journal != nil {
		if j.Done() == 0 {
			j.Drop()
		} else {
			err = j.journal.close()
			j.journal = nil
		}
	}
	return errors.Join(err, j.network.Close())
}
