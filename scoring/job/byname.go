package job

import (
	"context"
	"time"

	"github.com/prunefuse/prunefuse/internal/atomicfile"
	"github.com/prunefuse/prunefuse/scoring"
	"github.com/prunefuse/prunefuse/scoring/selection"
)

// chooseByName chooses without a pass. Of the samples only those that are chosen are
// read; where one cannot be, it is skipped and the choice made again without it.
func (t *Task) chooseByName(ctx context.Context) (*Result, error) {
	begin := time.Now()
	pool, size := t.pool(), 1
	r := &Result{Total: pool.Len(), NoPass: true}
	t.note("%s chooses by names and the seed: no model was run", t.Choice.Strategy)
	for _, d := range pool.Shape() {
		size *= d
	}
	samples, sample := AllSamples(pool.Len()), make([]float32, size)
	readable := map[int]bool{}
	for {
		chosen, err := selection.Choose(ctx, selection.Names(samples.All(), pool.ID), t.Choice)
		if err != nil {
			return nil, err
		}
		again := false
		for _, s := range chosen {
			i := s.Record.Index
			if readable[i] {
				continue
			}
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			if err := pool.Read(i, sample); err != nil {
				skipped := scoring.Skipped{Index: i, ID: pool.ID(i), Err: err}
				r.Skipped, again = append(r.Skipped, skipped), true
				samples.Remove(i)
				if t.Skip != nil {
					t.Skip(skipped)
				}
				continue
			}
			readable[i] = true
		}
		if again {
			continue
		}
		r.Chosen, r.Elapsed = chosen, time.Since(begin)
		return r, t.writeChoice(chosen)
	}
}

// writeChoice writes the selection alone.
func (t *Task) writeChoice(chosen []selection.Selected) error {
	if t.Output.Selection == "" {
		return nil
	}
	out := files{atomicfile.Group{Stream: t.Output.Stream}}
	defer out.Discard()
	if err := t.writeSelection(&out, chosen); err != nil {
		return err
	}
	return out.Commit()
}
