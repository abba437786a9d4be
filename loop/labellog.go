package loop

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/prunefuse/prunefuse/internal/rundir"
	"github.com/prunefuse/prunefuse/labelling"
)

// labelEntry is a line of the log of labels: an annotation that a step took, or one
// that was in the files before and no longer is.
type labelEntry struct {
	Sum       string `json:"sum,omitempty"`
	Step      string `json:"step"`
	Withdrawn bool   `json:"withdrawn,omitempty"`
	labelling.Annotation
}

type labelLog = rundir.Log[labelEntry]

// LogHead is how far the log of labels was when a step was done.
type LogHead struct {
	Lines int    `json:"lines"`
	Sum   string `json:"sum"` // of the last one
}

// readLabelLog reads the log of labels of a run, and checks its chain.
func readLabelLog(d *rundir.Dir) (*labelLog, error) {
	return rundir.ReadLog(d.Path(labelsFile), d.Root(), func(l *labelEntry) *string { return &l.Sum })
}

// takenLines is how many lines of the log of labels the state stands on.
func (s State) takenLines() int {
	if len(s.Labels) == 0 {
		return 0
	}
	return s.Labels[len(s.Labels)-1].Log.Lines
}

// said is what an annotation says and who says it, wherever it stands.
type said struct {
	sample, annotator, by, class, time string
	skip, unsure, truth                bool
}

func saidBy(a labelling.Annotation) said {
	return said{a.Sample, a.Annotator, a.By(), a.Class, a.Time.Format(time.RFC3339Nano), a.Skip, a.Unsure, a.Truth}
}

// standing are the annotations that a log has and that were not withdrawn, in the order
// in which files are read.
func standing(entries []labelEntry) []labelling.Annotation {
	places := map[said][]int{}
	var all []labelling.Annotation
	for _, e := range entries {
		key := saidBy(e.Annotation)
		if !e.Withdrawn {
			places[key] = append(places[key], len(all))
			all = append(all, e.Annotation)
			continue
		}
		if at := places[key]; len(at) > 0 {
			all[at[len(at)-1]].Sample = ""
			places[key] = at[:len(at)-1]
		}
	}
	all = slices.DeleteFunc(all, func(a labelling.Annotation) bool { return a.Sample == "" })
	slices.SortStableFunc(all, func(a, b labelling.Annotation) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Row, b.Row))
	})
	return all
}

// newEntries are the lines that bring a log to where the annotations in the files are:
// the ones that are gone, then the ones that are new.
func newEntries(step string, before, now []labelling.Annotation) (out []labelEntry) {
	more := map[said]int{} // in the files than in the log
	for _, a := range now {
		more[saidBy(a)]++
	}
	for _, a := range before {
		more[saidBy(a)]--
	}
	for _, a := range slices.Backward(before) {
		if key := saidBy(a); more[key] < 0 {
			more[key]++
			out = append(out, labelEntry{Step: step, Withdrawn: true, Annotation: a})
		}
	}
	var added []labelEntry
	for _, a := range slices.Backward(now) {
		if key := saidBy(a); more[key] > 0 {
			more[key]--
			added = append(added, labelEntry{Step: step, Annotation: a})
		}
	}
	slices.Reverse(added)
	return append(out, added...)
}

// within names the files of annotations as seen from the run folder.
func (f folder) within(all []labelling.Annotation) []labelling.Annotation {
	out := slices.Clone(all)
	for i := range out {
		if name, err := filepath.Rel(string(f), out[i].File); err == nil {
			out[i].File = filepath.ToSlash(name)
		}
	}
	return out
}

// taken are the labels of the batches so far, by sample: the class, "" where people
// cannot label it.
func (f folder) taken(batches []Batch) (map[string]string, error) {
	out := map[string]string{}
	for _, b := range batches {
		for line, err := range readLabels(f, b) {
			if err != nil {
				return nil, err
			}
			out[line.ID] = line.className()
		}
	}
	return out, nil
}

// className is how people write the class, "" where they cannot label the sample.
func (l labelLine) className() string {
	switch {
	case l.Skipped:
		return ""
	case l.Class == "":
		return strconv.Itoa(l.Label)
	}
	return l.Class
}

// checkLabelLog refuses a log of labels that is not the one that the events name, or
// that does not come to the labels of their files.
func (f folder) checkLabelLog(log *labelLog, s State, c labelling.Config) error {
	for i, b := range s.Labels {
		switch {
		case b.Log == LogHead{}: // nobody was asked
		case b.Log.Lines > len(log.Lines()):
			return fmt.Errorf("%s has %d lines, and had %d when the labels of %s were taken: put back the lines that are gone, or start anew with --force (-f)",
				f.path(labelsFile), len(log.Lines()), b.Log.Lines, b.File.Path)
		case b.Log.Sum != log.HeadAt(b.Log.Lines):
			return fmt.Errorf("%s: line %d: %w", f.path(labelsFile), b.Log.Lines, rundir.ErrForeignLine)
		default:
			if err := f.replay(log, s.Labels[:i], b, c); err != nil {
				return fmt.Errorf("replay %s: %w", f.path(labelsFile), err)
			}
		}
	}
	return nil
}

// replay wants of the log what the file of a batch has, after the batches before it.
func (f folder) replay(log *labelLog, before []Batch, b Batch, c labelling.Config) error {
	var err error
	if c.Taken, err = f.taken(before); err != nil {
		return err
	}
	r, err := labelling.Decide(standing(log.Lines()[:b.Log.Lines]), c)
	if err != nil {
		return err
	}
	is, err := f.taken([]Batch{b})
	if err != nil {
		return err
	}
	want := make(map[string]string, len(is))
	for _, l := range r.Labels {
		want[l.ID] = l.Class
	}
	for _, id := range r.Skipped {
		want[id] = ""
	}
	if len(want) != len(is) {
		return fmt.Errorf("%s has %d labels, and the answers come to %d", b.File.Path, len(is), len(want))
	}
	for id, class := range want {
		if got, there := is[id]; !there || got != class && !sameNumber(got, class) {
			return fmt.Errorf("%s says %q of sample %s, and the answers come to %q", b.File.Path, got, id, class)
		}
	}
	return nil
}

// sameNumber reports whether two names of a class are one number, as "2" and "2.0".
func sameNumber(a, b string) bool {
	x, errX := strconv.ParseFloat(a, 64)
	y, errY := strconv.ParseFloat(b, 64)
	return errors.Join(errX, errY) == nil && x == y
}
