package loop

import (
	"context"
	"fmt"
	"maps"
	"math"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

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

// Counts tell how far people are with a batch.
type Counts struct {
	Asked   int `json:"asked"`
	Labels  int `json:"labels"`  // of these samples, in the files so far
	Skipped int `json:"skipped"` // of these samples, people cannot label
	Unsure  int `json:"unsure"`  // of these samples, all who answered do not know the class
}

// Answered is the number of samples that somebody has answered for.
func (c Counts) Answered() int { return c.Labels + c.Skipped + c.Unsure }

// text tells the counts of answers.
func (c Counts) text() string {
	text := fmt.Sprintf("%d labelled, %d skipped", c.Labels, c.Skipped)
	if c.Unsure > 0 {
		text += fmt.Sprintf(", %d unsure", c.Unsure)
	}
	return text
}

// Pending is the number of samples that nobody has answered for.
func (c Counts) Pending() int { return c.Asked - c.Answered() }

// Error implements error.
func (e *PendingError) Error() string {
	so := ""
	if e.Answered() > 0 {
		so = fmt.Sprintf(", %s so far", e.text())
	}
	return fmt.Sprintf("%d samples want a label%s: fill in the column label of %s, or put what a labelling tool exports into %s; then run the same command again",
		e.Asked, so, filepath.Join(e.Batch, batchTable), e.Answers)
}

// Is makes a PendingError an ErrPending.
func (e *PendingError) Is(target error) bool { return target == ErrPending }

// people is the Oracle of a run that people label for: it writes the batch as
// files, and reads the files that come back.
type people struct {
	env    Env
	folder string // of the round
	state  State
}

// Label implements Oracle.
func (p people) Label(ctx context.Context, batch []Sample) ([]Answer, error) {
	if err := p.handOut(ctx); err != nil {
		return nil, fmt.Errorf("write batch %s: %w", p.env.folder.path(p.folder), err)
	}
	asked, err := p.asked()
	if err != nil {
		return nil, err
	}
	c := p.env.answersConfig()
	if c.SampleOf, err = p.env.folder.sampleOf(p.state); err != nil {
		return nil, err
	}
	result, err := p.env.folder.answers(c)
	if err == nil {
		err = p.unasked(result, asked)
	}
	if err != nil {
		return nil, fmt.Errorf("read answers: %w", err)
	}
	answers, err := p.answers(result, asked)
	if err != nil {
		return nil, err
	}
	pending := &PendingError{Schema: PendingSchema, Batch: p.env.folder.path(path.Join(p.folder, batchDir)), Answers: p.env.folder.path(AnswersFolder), Counts: countAnswers(batch, result)}
	least := len(batch)
	if enough := float64(p.env.spec.Config.Label.Enough); enough > 0 {
		least = int(math.Ceil(enough*float64(len(batch)) - 1e-9))
	}
	if pending.Answered() < least || len(answers) == 0 {
		return nil, pending
	}
	return answers, nil
}

// asked are the samples without an answer of all batches so far, by their IDs. Of
// those with an answer the index is -1.
func (p people) asked() (map[string]int, error) {
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
func (p people) unasked(r *labelling.Result, asked map[string]int) error {
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
func (p people) answers(r *labelling.Result, asked map[string]int) ([]Answer, error) {
	classes := p.env.classesOf()
	var out []Answer
	for _, l := range r.Labels {
		if i, there := asked[l.ID]; there && i >= 0 {
			n, err := classes.Number(l.Class)
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

// countAnswers counts those for the samples of a batch.
func countAnswers(batch []Sample, r *labelling.Result) Counts {
	in := make(map[string]bool, len(batch))
	for _, s := range batch {
		in[s.ID] = true
	}
	c := Counts{Asked: len(batch)}
	for _, l := range r.Labels {
		if in[l.ID] {
			c.Labels++
		}
	}
	for _, id := range r.Skipped {
		if in[id] {
			c.Skipped++
		}
	}
	for _, id := range r.Unsure {
		if in[id] {
			c.Unsure++
		}
	}
	return c
}

// answersConfig is how answers of the run are read.
func (b *workbench) answersConfig() labelling.Config {
	return labelling.Config{FromName: "choice", ToName: "image", Classes: b.classesOf(), Skip: b.skip, Disagreement: b.disagreement, Decides: "label.disagreement:"}
}

// answers reads all files that people handed in, and the tables of the batches that
// they filled in.
func (f folder) answers(c labelling.Config) (*labelling.Result, error) {
	paths, err := f.answerFiles()
	if err != nil {
		return nil, err
	}
	return labelling.ReadFiles(paths, c)
}

func (f folder) answerFiles() ([]string, error) {
	tables, err := f.tables()
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(f.path(AnswersFolder))
	if err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	for _, e := range entries {
		if e.IsDir() {
			return nil, fmt.Errorf("%s is a folder: put the files themselves into %s", filepath.Join(f.path(AnswersFolder), e.Name()), f.path(AnswersFolder))
		}
		if !strings.HasPrefix(e.Name(), ".") && !strings.HasPrefix(e.Name(), "~") {
			tables = append(tables, filepath.Join(f.path(AnswersFolder), e.Name()))
		}
	}
	slices.Sort(tables)
	return tables, nil
}

// tables are the files of all batches that people may fill in.
func (f folder) tables() ([]string, error) {
	var out []string
	for _, name := range []string{batchTable, batchLines} {
		found, err := filepath.Glob(filepath.Join(escapeGlob(string(f)), "*", batchDir, name))
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	return out, nil
}

// escapeGlob makes a pattern that matches a path alone.
func escapeGlob(path string) string {
	return strings.NewReplacer("*", `\*`, "?", `\?`, "[", `\[`).Replace(path)
}

// filledIn refuses to replace a run whose batches people have filled in.
func (f folder) filledIn() error {
	tables, err := f.tables()
	if err != nil {
		return err
	}
	for _, table := range tables {
		r, err := labelling.ReadFiles([]string{table}, labelling.Config{FromName: "choice", ToName: "image"})
		if err != nil || len(r.Annotations) > 0 {
			return fmt.Errorf("%s has labels that people gave, which --force would remove: move it to %s first, where a new run finds it", table, f.path(AnswersFolder))
		}
	}
	return nil
}

// peopleLabel reports whether people label for a run.
func peopleLabel(c config.Config) bool { return c.Label.From == config.FromPeople }
