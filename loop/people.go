package loop

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"path"
	"path/filepath"
	"slices"

	"github.com/prunefuse/prunefuse/data"
	"github.com/prunefuse/prunefuse/labelling"
	"github.com/prunefuse/prunefuse/loop/config"
)

// AnswersFolder is the folder of a run for the files that people or their labelling
// tool hand in, of any name and in any form that labelling reads.
const AnswersFolder = "answers"

// PendingError says what a run waits for. It is an ErrPending.
type PendingError struct {
	Schema  string `json:"schema"`  // PendingSchema
	Batch   string `json:"batch"`   // its folder
	Answers string `json:"answers"` // the folder for what comes back
	Counts
}

// Error implements error.
func (e *PendingError) Error() string {
	so := ""
	if e.Answered() > 0 {
		so = fmt.Sprintf(", %s so far", e.text())
	}
	return fmt.Sprintf("%d samples want a label%s: give them on the page of \"prunefuse label serve %s\", or fill in the column label of %s, or put what a labelling tool exports into %s; then run the same command again",
		e.Asked, so, filepath.Dir(e.Answers), filepath.Join(e.Batch, batchTable), e.Answers)
}

// Is makes a PendingError an ErrPending.
func (e *PendingError) Is(target error) bool { return target == ErrPending }

// people is the Oracle of a run that people label for: it writes the batch as
// files, and reads the files that come back.
type people struct {
	env    Env
	round  int
	folder string // of the round
	state  State
	fresh  []labelEntry // that the answers add to the log of labels
}

// Label implements Oracle.
func (p *people) Label(ctx context.Context, batch []Sample) ([]Answer, error) {
	if err := p.handOut(ctx); err != nil {
		return nil, fmt.Errorf("write batch %s: %w", p.env.folder.path(p.folder), err)
	}
	asked, err := p.asked()
	if err != nil {
		return nil, err
	}
	result, err := p.read(asked)
	if err != nil {
		return nil, fmt.Errorf("read answers: %w", err)
	}
	answers, err := p.answers(result, asked)
	if err != nil {
		return nil, err
	}
	pending := &PendingError{
		Schema: PendingSchema, Batch: p.env.folder.path(path.Join(p.folder, batchDir)), Answers: p.env.folder.path(AnswersFolder),
		Counts: countAnswers(batch, annotatorsWanted(p.env.spec.Config, p.round, len(batch)), result),
	}
	least := len(batch)
	if enough := float64(p.env.spec.Config.Label.Enough); enough > 0 {
		least = int(math.Ceil(enough*float64(len(batch)) - 1e-9))
	}
	if pending.Done() < least || len(answers) == 0 {
		return nil, pending
	}
	return answers, nil
}

// read reads the answers in all files and decides by those for samples that a batch
// has asked for, which the log of labels will have.
func (p *people) read(asked map[string]int) (*labelling.Result, error) {
	f := p.env.folder
	c := answersConfig(p.env.spec.Config.Label, p.env.classesOf())
	var err error
	if c.SampleOf, err = f.sampleOf(p.state); err != nil {
		return nil, err
	}
	if c.Taken, err = f.taken(p.state.Labels); err != nil {
		return nil, err
	}
	all, err := f.answers(c)
	if err == nil {
		err = p.unasked(all, asked)
	}
	if err != nil {
		return nil, err
	}
	for _, note := range all.Notes {
		p.env.note(data.Note{Text: note})
	}
	now := slices.DeleteFunc(f.within(all.Annotations), func(a labelling.Annotation) bool { _, there := asked[a.Sample]; return !there })
	before := p.env.log.Lines()[:p.state.takenLines()]
	p.fresh = newEntries(path.Join(p.folder, "label"), standing(before), now)
	return labelling.Decide(standing(slices.Concat(before, p.fresh)), c)
}

// record adds the answers to the log of labels, in the place of what an interrupted
// step left there.
func (p *people) record() (LogHead, error) {
	log := p.env.log
	if err := log.Open(p.state.takenLines()); err != nil {
		return LogHead{}, fmt.Errorf("record answers: %w", err)
	}
	if err := errors.Join(log.Append(p.fresh...), log.Close()); err != nil {
		return LogHead{}, fmt.Errorf("record answers: %w", err)
	}
	return LogHead{len(log.Lines()), log.Head()}, nil
}

// asked are the samples without an answer of all batches so far, by their IDs. Of
// those with an answer the index is -1.
func (p *people) asked() (map[string]int, error) {
	out := map[string]int{}
	for _, choice := range p.state.Choices {
		samples, err := p.env.readChoice(choice.Batch)
		if err != nil {
			return nil, err
		}
		for _, s := range samples {
			out[s.ID] = s.Index
		}
	}
	settled, err := p.env.settled(p.state)
	for _, i := range settled {
		out[p.env.pool.ID(i)] = -1
	}
	return out, err
}

// unasked tells of answers for samples of the pool that no batch has asked for yet, and
// refuses those for samples that the pool does not have.
func (p *people) unasked(r *labelling.Result, asked map[string]int) error {
	strange := map[string]bool{}
	for _, l := range r.Labels {
		strange[l.ID] = true
	}
	for _, id := range slices.Concat(r.Skipped, r.Unsure) {
		strange[id] = true
	}
	maps.DeleteFunc(strange, func(id string, _ bool) bool { _, there := asked[id]; return there })
	early := len(strange)
	if early == 0 {
		return nil
	}
	for i := range p.env.pool.Len() {
		delete(strange, p.env.pool.ID(i))
	}
	if n := len(strange); n > 0 {
		first := slices.Sorted(maps.Keys(strange))
		return fmt.Errorf("the pool has no sample %q, one of %d that are not there: are the answers of another run?", first[0], n)
	}
	p.env.note(data.Note{Text: fmt.Sprintf("answers for samples that no batch has asked for, %d of them, count when one does", early)})
	return nil
}

// answers are those for samples that had none.
func (p *people) answers(r *labelling.Result, asked map[string]int) ([]Answer, error) {
	classes := p.env.classesOf()
	var out []Answer
	for _, l := range r.Labels {
		if i, there := asked[l.ID]; there && i >= 0 {
			n, err := classes.Number(l.Class)
			if err != nil && len(classes.Names) == 0 {
				err = fmt.Errorf("%q is none of the classes, which are numbers from 0 to %d; classes: in the configuration gives them names", l.Class, classes.Count-1)
			}
			if err != nil {
				return nil, fmt.Errorf("read answers: sample %s: %w", l.ID, err)
			}
			out = append(out, Answer{Index: i, Label: n})
		}
	}
	for _, id := range r.Skipped {
		if i, there := asked[id]; there && i >= 0 {
			out = append(out, Answer{Index: i, Label: -1, Skipped: true})
		}
	}
	return out, nil
}

// peopleLabel reports whether people label for a run.
func peopleLabel(c config.Config) bool { return c.Label.From == config.FromPeople }
