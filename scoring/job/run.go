package job

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/prunefuse/prunefuse/internal/atomicfile"
	"github.com/prunefuse/prunefuse/scoring"
	"github.com/prunefuse/prunefuse/scoring/selection"
)

// Stream is the path that stands for Output.Stream.
const Stream = atomicfile.Stream

// Output says which files a run writes, in the forms of their endings where none is
// said. An empty path is no file, and Stream in
// the place of the scores or of the selection is written to the stream. They appear
// together when the run is complete.
type Output struct {
	Scores   string // of a shard always as JSON lines
	Format   scoring.Format
	Features string // .npy, a row a sample: the input of the last layer
	// Probabilities is .npy, too: the class probabilities. A sample without a score
	// has a row of NaN in either.
	Probabilities   string
	Selection       string
	SelectionFormat selection.Format
	Stream          io.Writer
}

// Task is a run: a pass, its files, and a choice.
type Task struct {
	// Spec says what to score. Run keeps the journal beside an output and keeps
	// what the outputs and the choice need, so that Journal, Features and
	// Probabilities are left empty. Replace also replaces outputs that exist. Where
	// Samples are named, files and results number them from 0 in their order, as
	// those of a pool that holds no others: a row of an array is a sample's.
	Spec
	Output Output
	// Choice says which samples to choose, of the seed of the Spec; none where its
	// Strategy is "".
	Choice selection.Choice
	// Labelled are the samples that have a label already, for a strategy that looks
	// at them; LabelledName is what errors call them.
	Labelled     scoring.Pool
	LabelledName string
}

// Result is what a run did.
type Result struct {
	Total   int // samples of the pool, or of the shard
	Scored  int
	Resumed int // of Scored, those that an earlier run had scored
	Skipped []scoring.Skipped
	Chosen  []selection.Selected
	Elapsed time.Duration // since the first sample that no earlier run had scored
	// Before says that an earlier run had completed the shard.
	Before bool
	// NoPass says that the samples were chosen by their names and no model ran.
	NoPass bool
}

// ErrNothingScored says that no sample of a pool has a score.
var ErrNothingScored = errors.New("not one sample could be scored")

// A StoppedError says that a run did not end, but can go on: with Resume.
type StoppedError struct {
	Err         error
	Done, Total int // samples
	Journal     string
}

func (e *StoppedError) Error() string {
	return fmt.Sprintf("%v after %d of %d samples, which %s holds", e.Err, e.Done, e.Total, e.Journal)
}

func (e *StoppedError) Unwrap() error { return e.Err }

// NeedsNetwork reports whether Run runs the network. A strategy that chooses by
// names alone needs none where nothing else is asked for.
func (t *Task) NeedsNetwork() bool {
	s, err := selection.StrategyNamed(t.Choice.Strategy)
	return err != nil || !s.ByName() || t.Output.Scores != "" || t.Output.Features != "" || t.Output.Probabilities != ""
}

// JournalPath returns the journal that Run keeps, "" where no output is a file.
func (t *Task) JournalPath() string {
	if output := t.Output.first(); output != "" {
		return JournalOf(output)
	}
	return ""
}

// first returns the output beside which the journal is kept.
func (o *Output) first() string {
	for _, path := range []string{o.Scores, o.Features, o.Probabilities, o.Selection} {
		if path == "" || path == Stream {
			continue
		}
		if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
			continue // a device or a pipe
		}
		return path
	}
	return ""
}

// beside returns the path of a file from the folder of the first output, "" for none.
func (o *Output) beside(path string) string {
	if path == "" {
		return ""
	}
	if rel, err := filepath.Rel(filepath.Dir(o.first()), path); err == nil {
		path = rel
	}
	return filepath.ToSlash(path)
}

// Run makes a pass and its files. Where it is stopped it leaves a journal, and the
// same task with Resume goes on from there. A run of which not one sample has a
// score fails, but for that of a shard.
func Run(ctx context.Context, t Task) (*Result, error) {
	strategy, err := t.applyDefaults()
	if err != nil {
		return nil, err
	}
	if !t.NeedsNetwork() {
		return t.chooseByName(ctx)
	}
	j, err := open(ctx, t.Spec, rowNames{t.Output.beside(t.Output.Features), t.Output.beside(t.Output.Probabilities)})
	if err != nil {
		return nil, err
	}
	j.numbered = true
	r := &run{Task: t, job: j, strategy: strategy}
	if t.complete() {
		return r.verifyComplete()
	}
	if err := j.openJournal(); err != nil {
		return nil, errors.Join(err, j.Close())
	}
	if n := j.Resumed(); n > 0 {
		t.note("%s samples are scored already", count(n))
	}
	if err := r.make(ctx); err != nil {
		return nil, r.stopped(ctx, err)
	}
	return r.result(), j.Close()
}

// complete reports whether an earlier run wrote the shard that is asked for.
func (t *Task) complete() bool {
	return t.Shard.N > 0 && t.Resume && !t.Replace && size(t.Output.Scores) > 0
}

func (t *Task) applyDefaults() (selection.Strategy, error) {
	var strategy selection.Strategy
	if t.Choice.Strategy != "" {
		var err error
		if strategy, err = t.Choice.Check(); err != nil {
			return strategy, err
		}
		t.Choice.Seed = t.Seed
	}
	if err := t.check(); err != nil {
		return strategy, err
	}
	n := t.pool().Len()
	switch {
	case t.Choice.K > n:
		return strategy, fmt.Errorf("choose %d of %d samples: %w", t.Choice.K, n, selection.ErrTooFew)
	case t.Shard.N > 0 && t.Choice.Strategy != "":
		return strategy, errors.New("a choice needs the whole pool: score all shards, merge them and choose from the scores")
	case t.Shard.N > 0 && (t.Output.Scores == "" || t.Output.Scores == Stream):
		return strategy, errors.New("a shard needs a file for its scores")
	case t.Labelled == nil && strategy.Labelled == selection.Required:
		return strategy, fmt.Errorf("strategy %q needs the labelled set", strategy.Name)
	}
	t.Features = t.Output.Features != "" || strategy.Features
	t.Probabilities = t.Output.Probabilities != "" || strategy.Probabilities
	t.Journal = t.JournalPath()
	if err := t.Output.applyDefaults(); err != nil {
		return strategy, err
	}
	return strategy, t.checkOutputs()
}

// Check refuses names of files whose endings no form has.
func (o Output) Check() error { return o.applyDefaults() }

// applyDefaults takes forms that are not said from the names of the files.
func (o *Output) applyDefaults() (err error) {
	if o.Format == "" {
		if o.Format, err = scoring.FormatOf(o.Scores); err != nil {
			return err
		}
	}
	if o.SelectionFormat == "" {
		if o.SelectionFormat, err = selection.FormatOf(o.Selection); err != nil {
			return err
		}
	}
	for _, path := range []string{o.Features, o.Probabilities} {
		if ext := filepath.Ext(path); ext != "" && !strings.EqualFold(ext, ".npy") {
			return fmt.Errorf("%s: an array with a row a sample ends in .npy, not in %s", path, ext)
		}
	}
	return nil
}

// checkOutputs refuses outputs that exist, but for those of the run that this one
// goes on from: it may have been killed when some of them were there.
func (t *Task) checkOutputs() error {
	replace := t.Replace || t.complete() || t.Resume && t.Journal != "" && size(t.Journal) > 0
	for _, path := range []string{t.Output.Scores, t.Output.Features, t.Output.Probabilities, t.Output.Selection} {
		if path == "" || path == Stream {
			continue
		}
		if err := atomicfile.CheckAbsent(path, replace); err != nil {
			return err
		}
	}
	return nil
}

// run is a task at work.
type run struct {
	Task
	job      *Job
	strategy selection.Strategy
	chosen   []selection.Selected
	elapsed  time.Duration
}

func (r *run) result() *Result {
	return &Result{Total: r.job.Len(), Scored: r.job.scored, Resumed: r.job.resumed, Skipped: r.job.skipped, Chosen: r.chosen, Elapsed: r.elapsed}
}

// make scores the pool and makes the files.
func (r *run) make(ctx context.Context) error {
	var labelled selection.Candidates
	if r.Labelled != nil {
		var err error
		if labelled, err = r.job.Gather(ctx, r.Labelled, r.strategy.Needs); err != nil {
			return fmt.Errorf("%s: %w", r.LabelledName, err)
		}
	}
	out := files{atomicfile.Group{Stream: r.Output.Stream}}
	defer out.Discard()
	err := r.pass(ctx, &out, labelled)
	if len(r.job.skipped) == r.job.Len() && r.Shard.N == 0 {
		r.job.Drop()
		return fmt.Errorf("%w; the first: %w", ErrNothingScored, r.job.skipped[0])
	}
	if err != nil {
		return err
	}
	if r.Choice.Strategy != "" && r.Output.Selection != "" {
		if err := r.writeSelection(&out, r.chosen); err != nil {
			return err
		}
	}
	if r.job.journal != nil {
		if err := r.job.journal.end(); err != nil {
			return err
		}
	}
	if err := out.Commit(); err != nil {
		return err
	}
	if r.Shard.N == 0 {
		r.job.Drop()
		return nil
	}
	err = r.job.journal.keep(r.Output.Scores)
	r.job.journal = nil
	return err
}

// pass writes scores and rows as they come, and chooses.
func (r *run) pass(ctx context.Context, out *files, labelled selection.Candidates) error {
	scores := r.Output.Scores
	if r.Shard.N > 0 {
		scores = "" // the journal becomes the file
	}
	err := out.writeAll([]string{scores, r.Output.Features, r.Output.Probabilities}, func(w []io.Writer) error {
		records := r.written(ctx, w)
		if r.Choice.Strategy == "" {
			for _, err := range records {
				if err != nil {
					return err
				}
			}
			return nil
		}
		c := r.Choice
		c.Labelled = labelled
		var err error
		r.chosen, err = selection.Choose(ctx, records, c)
		return err
	})
	r.elapsed = time.Since(r.job.began)
	return err
}

// written returns the records of the job, which go into the files on their way.
func (r *run) written(ctx context.Context, w []io.Writer) iter.Seq2[scoring.Record, error] {
	return func(yield func(scoring.Record, error) bool) {
		s, err := newSink(w, r.Output.Format, r.job)
		if err != nil {
			yield(scoring.Record{}, err)
			return
		}
		for rec, err := range r.job.Records(ctx) {
			if err == nil {
				err = s.put(rec)
			}
			if err != nil {
				yield(scoring.Record{}, err)
				return
			}
			if !yield(rec, nil) {
				return
			}
		}
		if err := s.end(); err != nil {
			yield(scoring.Record{}, err)
		}
	}
}

func (t *Task) writeSelection(out *files, chosen []selection.Selected) error {
	return out.write(t.Output.Selection, func(w io.Writer) error {
		return selection.Write(w, t.Output.SelectionFormat, chosen, t.Choice.Strategy)
	})
}

// stopped returns the error of a run that did not end, and says how far it came.
func (r *run) stopped(ctx context.Context, err error) error {
	path, done := r.Journal, r.job.Done()
	closeErr := r.job.Close()
	if done == 0 || closeErr != nil {
		return errors.Join(err, closeErr)
	}
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return &StoppedError{Err: err, Done: done, Total: r.job.Len(), Journal: path}
}

// verifyComplete reads the shard that an earlier run has completed.
func (r *run) verifyComplete() (*Result, error) {
	defer r.job.Close()
	f, err := os.Open(r.Output.Scores)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	file, err := NewShardReader(f)
	if err == nil {
		err = r.job.header.SameShard(file.Head)
	}
	for err == nil {
		var e Entry
		if e, err = file.Next(); err == nil && e.Skipped != nil {
			r.job.skipped = append(r.job.skipped, *e.Skipped)
		} else if err == nil {
			r.job.scored++
		}
	}
	if !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s %w, and is not what this run writes: %w", r.Output.Scores, atomicfile.ErrExists, err)
	}
	r.note("%s is complete already", r.Output.Scores)
	out := r.result()
	out.Before, out.Resumed = true, out.Scored
	return out, nil
}

// size returns the size of a file, 0 where it cannot be told.
func size(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}
