package job

import (
	"context"
	"fmt"
	"io"
	"iter"

	"github.com/prunefuse/prunefuse/scoring"
	"github.com/prunefuse/prunefuse/scoring/selection"
)

// Files name what a run wrote of some samples, a row a sample: .npy files, empty
// where a strategy needs none.
type Files struct{ Features, Probabilities string }

// Choose chooses from a score file of any form, with the rows of its samples, and
// those of the samples that have a label already.
func Choose(ctx context.Context, scores io.Reader, of, labelled Files, c selection.Choice) ([]selection.Selected, error) {
	var err error
	if c.Labelled.Features, err = readRows(labelled.Features); err != nil {
		return nil, err
	}
	if c.Labelled.Probabilities, err = readRows(labelled.Probabilities); err != nil {
		return nil, err
	}
	records := untilDone(ctx, scoring.ReadFile(scores))
	for _, f := range []struct {
		path string
		put  func(*scoring.Record, []float32)
	}{
		{of.Features, func(r *scoring.Record, row []float32) { r.Features = row }},
		{of.Probabilities, func(r *scoring.Record, row []float32) { r.Probabilities = row }},
	} {
		if f.path == "" {
			continue
		}
		rows, err := openRows(f.path)
		if err != nil {
			return nil, err
		}
		defer rows.Close()
		records = withRows(records, rows, f.put)
	}
	return selection.Choose(ctx, records, c)
}

// AddProbabilities sets the Probabilities of chosen records to their rows of a file.
func AddProbabilities(path string, chosen []selection.Selected) error {
	rows, err := openRows(path)
	if err != nil {
		return err
	}
	defer rows.Close()
	for i := range chosen {
		r := &chosen[i].Record
		if r.Probabilities, err = rows.row(r.Index); err != nil {
			return fmt.Errorf("sample %s: %w", r.ID, err)
		}
	}
	return nil
}

// untilDone ends the sequence when ctx does.
func untilDone(ctx context.Context, records iter.Seq2[scoring.Record, error]) iter.Seq2[scoring.Record, error] {
	return func(yield func(scoring.Record, error) bool) {
		for r, err := range records {
			if ctx.Err() != nil {
				r, err = scoring.Record{}, context.Cause(ctx)
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}

// withRows gives every record its row of a file.
func withRows(records iter.Seq2[scoring.Record, error], f *rowFile, put func(*scoring.Record, []float32)) iter.Seq2[scoring.Record, error] {
	return func(yield func(scoring.Record, error) bool) {
		for r, err := range records {
			if err == nil {
				var row []float32
				if row, err = f.row(r.Index); err != nil {
					err = fmt.Errorf("sample %s: %w", r.ID, err)
				}
				put(&r, row)
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}
