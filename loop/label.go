package loop

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"slices"

	"github.com/prunefuse/prunefuse/scoring/selection"
)

// first is the number that the first labels have in the place of a round's.
const first = -1

// batchFolder is the folder of the batch that a round chooses.
func batchFolder(round int) string {
	if round == first {
		return firstFolder
	}
	return roundFolder(round)
}

// label asks the Oracle for the labels of the batch that was chosen last.
type label struct{ round int }

func (l label) Name() string { return batchFolder(l.round) + "/label" }

func (l label) Run(ctx context.Context, env Env, s State) (Event, error) {
	batch, err := env.readChoice(*s.Chosen)
	if err != nil {
		return Event{}, err
	}
	answers, err := env.oracle.Label(ctx, batch)
	if err == nil {
		err = env.checkAnswers(batch, answers)
	}
	if err != nil {
		return Event{}, err
	}
	f, err := env.folder.write(env.file(batchFolder(l.round), labelsFile), func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetEscapeHTML(false)
		for i, a := range answers {
			line := labelLine{Schema: labelSchema, Index: a.Index, ID: batch[i].ID, Label: a.Label}
			if names := env.pool.Classes(); a.Label < len(names) {
				line.Class = names[a.Label]
			}
			if err := e.Encode(line); err != nil {
				return err
			}
		}
		return nil
	})
	return Event{Body: &labelled{Batch{f, len(answers)}}}, err
}

// readChoice reads what was chosen, in the order of choice.
func (e Env) readChoice(b Batch) ([]Sample, error) {
	f, err := e.folder.open(b.File)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var out []Sample
	for line, err := range selection.ReadFile(f) {
		if err == nil && (line.Index < 0 || line.Index >= e.pool.Len() || e.pool.ID(line.Index) != line.ID) {
			err = fmt.Errorf("sample %d is not %q in the pool", line.Index, line.ID)
		}
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", f.Name(), err)
		}
		out = append(out, Sample{line.Index, line.ID})
	}
	return out, nil
}

// checkAnswers refuses what cannot be the labels of a batch.
func (e Env) checkAnswers(batch []Sample, answers []Answer) error {
	if len(answers) != len(batch) {
		return fmt.Errorf("%d answers for %d samples", len(answers), len(batch))
	}
	for i, a := range answers {
		switch {
		case a.Index != batch[i].Index:
			return fmt.Errorf("answer %d is for sample %d, not for %s", i, a.Index, batch[i].ID)
		case a.Label < 0 || a.Label >= e.classes:
			return fmt.Errorf("sample %s is labelled %d; the classes are 0 to %d", batch[i].ID, a.Label, e.classes-1)
		}
	}
	return nil
}

// labelled is a batch that has its labels.
type labelled struct{ Batch }

func (*labelled) kind() string { return "labelled" }

func (l *labelled) apply(s *State) {
	s.Labels, s.Chosen = append(slices.Clip(s.Labels), l.Batch), nil
}

// labelSchema names the format of a line of a file of labels.
const labelSchema = "prunefuse.labelled/1"

type labelLine struct {
	Schema string `json:"schema"`
	Index  int    `json:"index"` // in the pool
	ID     string `json:"id"`
	Label  int    `json:"label"` // an output of the model
	Class  string `json:"class,omitempty"`
}

// readLabels yields the labels of a batch.
func readLabels(f folder, b Batch) iter.Seq2[labelLine, error] {
	return func(yield func(labelLine, error) bool) {
		in, err := f.open(b.File)
		if err != nil {
			yield(labelLine{}, err)
			return
		}
		defer in.Close()
		d := json.NewDecoder(bufio.NewReader(in))
		for n := range b.Samples {
			var line labelLine
			err := d.Decode(&line)
			if err == nil && line.Schema != labelSchema {
				err = fmt.Errorf("its schema is %q, want %q", line.Schema, labelSchema)
			}
			if err != nil {
				yield(labelLine{}, fmt.Errorf("read %s: line %d: %w", in.Name(), n+1, err))
				return
			}
			if !yield(line, nil) {
				return
			}
		}
	}
}
