package loop

import (
	"fmt"
	"path"

	"github.com/prunefuse/prunefuse/data"
	"github.com/prunefuse/prunefuse/internal/rundir"
	"github.com/prunefuse/prunefuse/internal/term"
	"github.com/prunefuse/prunefuse/labelling"
	"github.com/prunefuse/prunefuse/loop/config"
)

// The formats of a Status and of a PendingError as JSON.
const (
	StatusSchema  = "prunefuse.run.status/1"
	PendingSchema = "prunefuse.run.pending/1"
)

// Status says where a run stands.
type Status struct {
	Schema   string  `json:"schema"` // StatusSchema
	Title    string  `json:"title,omitempty"`
	Labelled int     `json:"labelled"`          // samples with a label in use
	NoLabel  int     `json:"no_label"`          // samples that people cannot label
	Budget   int     `json:"budget"`            // labels that the configuration asks for in all
	Done     int     `json:"done"`              // steps, of all arms
	Steps    int     `json:"steps"`             // to the end, of all arms
	Next     string  `json:"next"`              // the step that comes now, "" at the end
	Seconds  float64 `json:"seconds"`           // that the steps took
	Stopped  string  `json:"stopped,omitempty"` // the rule by which there are labels enough
	// Forecast is what the next batch is likely to bring; nil before the third selector.
	Forecast *Forecast `json:"forecast,omitempty"`
	Waiting  *Waiting  `json:"waiting,omitempty"` // nil where nobody is waited for
	// Agreement is how well the annotators agree; nil where there are not two.
	Agreement *labelling.Agreement `json:"agreement,omitempty"`
}

// Waiting is the batch that people are at.
type Waiting struct {
	Batch   string `json:"batch"`   // its folder
	Answers string `json:"answers"` // the folder for what comes back
	Counts
	// Problem says why the answers cannot be read, "" where they can.
	Problem string `json:"problem,omitempty"`
}

// ReadStatus reads where the run in a folder stands. It changes nothing, and another
// process may be at the run.
func ReadStatus(dir string) (*Status, error) {
	d, err := rundir.View(dir)
	if err != nil {
		return nil, err
	}
	var c config.Config
	if err := d.ReadConfig(&c); err != nil {
		return nil, err
	}
	e := &Engine{dir: d, arms: Specs(c)}
	if err := e.fold(); err != nil {
		return nil, err
	}
	labels := e.arms[0].Spec.Config.Labels()
	s := &Status{Schema: StatusSchema, Title: c.Title, Budget: labels[len(labels)-1]}
	for _, arm := range e.arms {
		s.Done += arm.State.Done
		s.Steps += len(arm.Spec.Plan())
		step, more := Next(arm.Spec, arm.State)
		if more && s.Next == "" {
			s.Next = fmt.Sprintf("%s of the arm %s", step.Name(), arm.Name)
		}
		if l, asks := step.(label); more && asks && peopleLabel(c) && s.Waiting == nil {
			s.Waiting = folder(dir).waiting(l.round, arm.State, c)
		}
	}
	method := e.arms[0].State
	s.Forecast = forecastOf(e.arms[0])
	if method.Stopped != nil {
		s.Stopped = method.Stopped.Reason
	}
	if peopleLabel(c) {
		s.Agreement = folder(dir).agreement(method, c.Label)
	}
	s.Labelled = method.Labelled()
	for _, b := range method.Labels {
		s.NoLabel += b.NoLabel
	}
	for _, line := range d.Lines() {
		s.Seconds += line.Seconds
	}
	return s, nil
}

// waiting counts the answers to the batch that was chosen last.
func (f folder) waiting(round int, s State, c config.Config) *Waiting {
	w := &Waiting{Batch: f.path(path.Join(batchFolder(round), batchDir)), Answers: f.path(AnswersFolder), Counts: Counts{Asked: s.Chosen.Samples}}
	batch, err := f.readChoice(*s.Chosen)
	if err == nil {
		var r *labelling.Result
		if r, err = f.answersSoFar(s, c.Label); err == nil {
			w.Counts = countAnswers(batch, annotatorsWanted(c, round, len(batch)), r)
		}
	}
	if err != nil {
		w.Problem = err.Error()
	}
	return w
}

// answersSoFar reads the answers without what the data say of classes.
func (f folder) answersSoFar(s State, l config.Label) (*labelling.Result, error) {
	c := answersConfig(l, data.Classes{})
	var err error
	if c.SampleOf, err = f.sampleOf(s); err != nil {
		return nil, err
	}
	if c.Taken, err = f.taken(s.Labels); err != nil {
		return nil, err
	}
	return f.answers(c)
}

// agreement measures it on all answers so far, also where some that differ are to be
// mended first; nil where they cannot be read.
func (f folder) agreement(s State, l config.Label) *labelling.Agreement {
	r, err := f.answersSoFar(s, l)
	if err != nil {
		l.Consensus, l.Disagreement = string(labelling.Majority), string(labelling.Skip)
		if r, err = f.answersSoFar(s, l); err != nil {
			return nil
		}
	}
	return r.Agreement()
}

// Text tells the same in a few lines.
func (s *Status) Text() string {
	next := s.Next
	if next == "" {
		next = "nothing: the run is finished"
	}
	text := fmt.Sprintf("labelled  %s of %s, %s that cannot be labelled\nsteps     %d of %d, in %s\nnext      %s\n",
		count(s.Labelled), count(s.Budget), count(s.NoLabel), s.Done, s.Steps, term.Seconds(s.Seconds), next)
	if s.Agreement != nil {
		text += s.Agreement.Text()
	}
	if s.Stopped != "" {
		text += "stopped   " + s.Stopped + "\n"
	}
	if s.Forecast != nil {
		text += "forecast  " + s.Forecast.Text() + "\n"
	}
	w := s.Waiting
	if w == nil {
		return text
	}
	text += fmt.Sprintf("batch     %s: %d samples, %s, %d pending\nanswers   %s\n", w.Batch, w.Asked, w.text(), w.Pending(), w.Answers)
	if w.Problem != "" {
		text += "problem   " + w.Problem + "\n"
	}
	return text
}
