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
	oracle := env.oracleOf(l.round, s)
	answers, err := oracle.Label(ctx, batch)
	if err != nil {
		return Event{}, err
	}
	lines, err := env.labelLines(batch, answers, s)
	if err != nil {
		return Event{}, err
	}
	out := &labelled{Classes: env.classes}
	for _, line := range lines {
		if line.Skipped {
			out.NoLabel++
		} else {
			out.Samples++
		}
	}
	if p, asked := oracle.(*people); asked {
		if out.Log, err = p.record(); err != nil {
			return Event{}, err
		}
	}
	out.File, err = env.folder.write(env.file(batchFolder(l.round), labelsFile), func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetEscapeHTML(false)
		for _, line := range lines {
			if err := e.Encode(line); err != nil {
				return err
			}
		}
		return nil
	})
	return Event{Body: out}, err
}

// oracleOf is who is asked for the labels of a batch.
func (e Env) oracleOf(round int, s State) Oracle {
	if e.oracle == nil {
		return &people{env: e, round: round, folder: batchFolder(round), state: s}
	}
	return e.oracle
}

// readChoice reads what was chosen, in the order of choice.
func (e Env) readChoice(b Batch) ([]Sample, error) {
	out, err := e.folder.readChoice(b)
	for _, s := range out {
		if s.Index < 0 || s.Index >= e.pool.Len() || e.pool.ID(s.Index) != s.ID {
			return nil, fmt.Errorf("read %s: sample %d is not %q in the pool", e.folder.path(b.File.Path), s.Index, s.ID)
		}
	}
	return out, err
}

func (f folder) readChoice(b Batch) ([]Sample, error) {
	in, err := f.open(b.File)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	var out []Sample
	for line, err := range selection.ReadFile(in) {
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", in.Name(), err)
		}
		out = append(out, Sample{Index: line.Index, ID: line.ID})
	}
	return out, nil
}

// labelLines makes lines of the answers for a batch, in the order of choice, and of
// the late ones for earlier batches after these, in the order of the pool. Whatever
// cannot be an answer is an error.
func (e Env) labelLines(batch []Sample, answers []Answer, s State) ([]labelLine, error) {
	settled, err := e.settled(s)
	if err != nil {
		return nil, err
	}
	place := make(map[int]int, len(batch)+len(settled)) // of a sample in the order of the lines
	for _, i := range settled {
		place[i] = -1
	}
	for at, sample := range batch {
		place[sample.Index] = at
	}
	for _, a := range answers {
		if a.Index < 0 || a.Index >= e.pool.Len() {
			return nil, fmt.Errorf("there is an answer for sample %d, and the pool has %d", a.Index, e.pool.Len())
		}
		at, known := place[a.Index]
		switch id := e.pool.ID(a.Index); {
		case known && at < 0:
			return nil, fmt.Errorf("sample %s is answered for, and was before", id)
		case !a.Skipped && (a.Label < 0 || a.Label >= e.classes):
			return nil, fmt.Errorf("sample %s is labelled %d; the classes are 0 to %d", id, a.Label, e.classes-1)
		}
		if !known {
			at = len(batch) + a.Index
		}
		place[a.Index] = -1 - at // answered for
	}
	if len(answers) == 0 {
		return nil, fmt.Errorf("there is no answer for %d samples", len(batch))
	}
	sorted := slices.SortedFunc(slices.Values(answers), func(a, b Answer) int { return place[b.Index] - place[a.Index] })
	lines := make([]labelLine, len(sorted))
	for i, a := range sorted {
		line := labelLine{Schema: labelSchema, Index: a.Index, ID: e.pool.ID(a.Index), Label: a.Label, Skipped: a.Skipped}
		if a.Skipped {
			line.Label = -1
		} else if names := e.classesOf().Names; a.Label < len(names) {
			line.Class = names[a.Label]
		}
		lines[i] = line
	}
	return lines, nil
}

// labelled is a batch that has its labels.
type labelled struct {
	Batch
	Classes int `json:"classes,omitempty"` // outputs of the model
}

func (*labelled) kind() string { return "labelled" }

func (l *labelled) apply(s *State) {
	s.Labels, s.Chosen, s.Classes = append(slices.Clip(s.Labels), l.Batch), nil, l.Classes
}

// labelSchema names the format of a line of a file of labels.
const labelSchema = "prunefuse.labelled/1"

type labelLine struct {
	Schema string `json:"schema"`
	Index  int    `json:"index"` // in the pool
	ID     string `json:"id"`
	Label  int    `json:"label"` // an output of the model
	Class  string `json:"class,omitempty"`
	// Skipped says that people could not label it; Label is then -1.
	Skipped bool `json:"skipped,omitempty"`
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
		for n := range b.Samples + b.NoLabel {
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
