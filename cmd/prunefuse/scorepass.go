package main

import (
	"context"
	"fmt"
	"io"
	"iter"
	"strings"
	"time"

	"github.com/prunefuse/prunefuse/data"
	"github.com/prunefuse/prunefuse/internal/term"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/scoring"
	"github.com/prunefuse/prunefuse/scoring/selection"
)

// pass scores the pool, writes scores and embeddings as they come, and
// returns the choice.
func (s *scorer) pass(ctx context.Context, m *onnxio.Model, out *outputs) (chosen []selection.Selected, err error) {
	labelled, err := s.labelled(ctx, m)
	if err != nil {
		return nil, err
	}
	t := s.g.terminal(ctx)
	defer t.Close()
	begin := time.Now()
	scores := s.o.out.path
	if s.o.shard.n > 0 {
		scores = "" // the journal becomes the file
	}
	err = out.stream([]string{scores, s.o.embeddings, s.o.softmax}, func(w []io.Writer) error {
		records := s.records(ctx, t, w)
		if !s.o.choice.chooses() {
			for _, err := range records {
				if err != nil {
					return err
				}
			}
			return nil
		}
		chosen, err = s.o.choice.choose(ctx, records, s.g.seed, labelled)
		return err
	})
	s.elapsed = time.Since(begin)
	return chosen, err
}

// records are those of a pass over the pool, written on their way to the
// files that are asked for.
func (s *scorer) records(ctx context.Context, t *term.Term, files []io.Writer) iter.Seq2[scoring.Record, error] {
	return func(yield func(scoring.Record, error) bool) {
		bar := t.Bar("score", int64(s.end-s.first), "samples")
		defer bar.Done()
		sink, err := newRecordSink(files, scoring.Format(s.o.format), s.first, s.end, s.model)
		if err != nil {
			yield(scoring.Record{}, err)
			return
		}
		for r, err := range s.journaled(ctx, t, bar) {
			if err == nil {
				s.scored++
				err = sink.put(r)
			}
			if err != nil {
				yield(scoring.Record{}, err)
				return
			}
			if !yield(r, nil) {
				return
			}
		}
		if err := sink.end(); err != nil {
			yield(scoring.Record{}, err)
		}
	}
}

// counter turns "so many are done" into steps of a bar.
func counter(bar *term.Bar) func(done, total int) {
	last := 0
	return func(done, _ int) {
		bar.Add(int64(done - last))
		last = done
	}
}

// labelled is what the strategy makes use of of the samples that have a label.
func (s *scorer) labelled(ctx context.Context, m *onnxio.Model) (selection.Candidates, error) {
	if s.o.labelled == nil {
		return selection.Candidates{}, nil
	}
	set, err := s.o.data.ofOthers().samples(s.g, s.o.labelled, m)
	if err != nil {
		return selection.Candidates{}, err
	}
	defer data.Close(set.Set)
	t := s.g.terminal(ctx)
	defer t.Close()
	bar := t.Bar("labelled", int64(set.Len()), "samples")
	defer bar.Done()
	o := scoring.Options{
		Batch: int(s.o.batch), Probabilities: s.head.Probabilities, Progress: counter(bar),
		Features: s.features(), Distribution: s.distribution(),
	}
	c, err := selection.Gather(scoring.Score(ctx, s.model, set, o), s.o.choice.chooser.Needs)
	if err != nil {
		return selection.Candidates{}, fmt.Errorf("%v: %w", &s.o.labelled, err)
	}
	return *c, nil
}

type skippedSample struct {
	Index  int    `json:"index"`
	ID     string `json:"id"`
	Reason string `json:"reason"`
}

func skippedSamples(skipped []scoring.Skipped) []skippedSample {
	out := []skippedSample{}
	for _, s := range skipped {
		out = append(out, skippedSample{s.Index, s.ID, s.Err.Error()})
	}
	return out
}

// report says what was done. Samples that were skipped are an error of their
// own kind.
func (s *scorer) report() error {
	var err error
	switch stdoutTaken := s.o.out.path == stdStream || s.o.choice.path == stdStream; {
	case s.g.json && !stdoutTaken:
		err = s.g.printJSON(struct {
			Schema     string          `json:"schema"`
			Pool       string          `json:"pool"`
			Scores     string          `json:"scores,omitempty"`
			Embeddings string          `json:"embeddings,omitempty"`
			Softmax    string          `json:"probabilities,omitempty"`
			Selected   string          `json:"selected,omitempty"`
			Scored     int             `json:"scored"`
			Skipped    []skippedSample `json:"skipped"`
			Seconds    float64         `json:"seconds"`
			Shard      int             `json:"shard,omitempty"`
			Shards     int             `json:"shards,omitempty"`
		}{
			"prunefuse.score.summary/1", s.o.pool.String(), s.o.out.path, s.o.embeddings, s.o.softmax, s.o.choice.path,
			s.scored, skippedSamples(s.skipped), s.elapsed.Seconds(), s.o.shard.i, s.o.shard.n,
		})
	case !stdoutTaken:
		_, err = fmt.Fprintf(s.g.stdout, "%s: %s samples scored in %s (%s a second)%s\n", &s.o.pool, term.Count(int64(s.scored)),
			term.Duration(s.elapsed), term.Count(int64(float64(s.scored)/s.elapsed.Seconds())), s.written())
	}
	if err == nil && len(s.skipped) > 0 {
		err = &skippedError{len(s.skipped), s.end - s.first}
	}
	return err
}

func (s *scorer) written() string {
	var files []string
	for _, path := range []string{s.o.out.path, s.o.embeddings, s.o.softmax, s.o.choice.path} {
		if path != "" {
			files = append(files, path)
		}
	}
	return ": " + strings.Join(files, ", ")
}
