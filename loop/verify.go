package loop

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/prunefuse/prunefuse/data"
	"github.com/prunefuse/prunefuse/internal/rundir"
	"github.com/prunefuse/prunefuse/loop/config"
)

// VerifiedSchema is the format of a Verified as JSON.
const VerifiedSchema = "prunefuse.run.verify/1"

// Verified says what a run folder was found to have.
type Verified struct {
	Schema      string `json:"schema"` // VerifiedSchema
	Dir         string `json:"dir"`
	Events      int    `json:"events"`
	Files       int    `json:"files"`       // that events name
	Annotations int    `json:"annotations"` // lines of the log of labels
	Labels      int    `json:"labels"`      // that they come to
}

// Text tells the same in a line.
func (v *Verified) Text() string {
	text := fmt.Sprintf("%s: %s events and %s files are as the run wrote them", v.Dir, count(v.Events), count(v.Files))
	if v.Annotations > 0 {
		text += fmt.Sprintf("; %s lines of %s come to its %s labels", count(v.Annotations), labelsFile, count(v.Labels))
	}
	return text + "\n"
}

// A DiffersError says that a run folder is not what the run wrote.
type DiffersError struct{ Problems []string }

func (e *DiffersError) Error() string { return strings.Join(e.Problems, "; ") }

// add adds a problem, unless it is there already.
func (e *DiffersError) add(err error) {
	text := err.Error()
	if !slices.ContainsFunc(e.Problems, func(p string) bool { return strings.HasSuffix(text, p) }) {
		e.Problems = append(e.Problems, text)
	}
}

// Verify checks the run in a folder: that run.json, events.jsonl and labels.jsonl hold
// together, line by line; that every file which an event names is the one that was
// written; and that the answers in labels.jsonl come to the labels that the run
// trained on. It changes nothing. What is not as the run wrote it is in one
// DiffersError; a run that is at work meanwhile, or was killed within a step, may have
// a line that is not finished, which is told as well. Networks and choices are known
// by their SHA-256 and are not computed again.
func Verify(dir string) (*Verified, error) {
	d, err := rundir.View(dir)
	if errors.Is(err, rundir.ErrForeignLine) {
		return nil, &DiffersError{[]string{err.Error()}}
	}
	if err != nil {
		return nil, err
	}
	var c config.Config
	if err := d.ReadConfig(&c); err != nil {
		return nil, err
	}
	v, differs := &Verified{Schema: VerifiedSchema, Dir: dir, Events: len(d.Lines())}, &DiffersError{}
	e := &Engine{dir: d, arms: Specs(c), workbench: &workbench{folder: folder(dir)}}
	if n := d.Torn(); n > 0 {
		differs.add(fmt.Errorf("%s ends within a line, after %d bytes of it", d.Path("events.jsonl"), n))
	}
	if err := e.fold(); err != nil {
		differs.add(err)
		return nil, differs
	}
	v.Files = e.verifyFiles(differs)
	if peopleLabel(c) {
		e.verifyLabels(c, v, differs)
	}
	if len(differs.Problems) > 0 {
		return nil, differs
	}
	return v, nil
}

// verifyFiles checks the files that the log names, and counts them.
func (e *Engine) verifyFiles(differs *DiffersError) (n int) {
	for _, path := range slices.Sorted(maps.Keys(e.files)) {
		if strings.HasPrefix(path, workFolder+"/") && !e.needs(path) {
			continue
		}
		n++
		if err := e.workbench.folder.check(e.files[path]); err != nil {
			differs.add(err)
		}
	}
	return n
}

// verifyLabels checks and replays the log of labels.
func (e *Engine) verifyLabels(c config.Config, v *Verified, differs *DiffersError) {
	s := e.arms[0].State
	log, err := readLabelLog(e.dir)
	if err == nil {
		err = e.workbench.folder.checkLabelLog(log, s, answersConfig(c.Label, data.Classes{}))
	}
	if err != nil {
		differs.add(err)
		return
	}
	v.Annotations = len(log.Lines())
	v.Labels = s.Labelled()
	if more := v.Annotations - s.takenLines(); more > 0 || log.Torn() > 0 {
		differs.add(fmt.Errorf("%s has %d lines and %d bytes that no event names: the run was killed there, or events.jsonl has lost its end", e.dir.Path(labelsFile), more, log.Torn()))
	}
}
