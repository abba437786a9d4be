package loop

import (
	"slices"

	"github.com/prunefuse/prunefuse/data"
	"github.com/prunefuse/prunefuse/internal/report"
	"github.com/prunefuse/prunefuse/internal/rundir"
	"github.com/prunefuse/prunefuse/labelling"
	"github.com/prunefuse/prunefuse/loop/config"
)

// peopleOf tells what the annotators of a run said: the answers that its steps took, as
// the log of labels has them, and those in the files since. It is nil before the first.
func (f folder) peopleOf(d *rundir.Dir, s State, l config.Label) (*report.People, error) {
	log, err := readLabelLog(d)
	if err != nil {
		return nil, err
	}
	asked, err := f.askedIn(s)
	if err != nil {
		return nil, err
	}
	// Answers that differ, and that nobody mended yet, are counted all the same.
	l.Consensus, l.Disagreement = string(labelling.Majority), string(labelling.Skip)
	out, entries := new(report.People), log.Lines()[:min(s.takenLines(), len(log.Lines()))]
	since, err := f.since(entries, s, l, asked)
	if err != nil {
		out.Problem = err.Error()
	}
	entries = slices.Concat(entries, since)
	c := answersConfig(l, data.Classes{})
	if c.Taken, err = f.taken(s.Labels); err != nil {
		return nil, err
	}
	r, err := labelling.Decide(standing(entries), c)
	if err != nil {
		return nil, err
	}
	late := lateAnswers(entries, asked, len(s.Labels))
	for _, a := range r.Annotators() {
		out.Annotators = append(out.Annotators, report.Annotator{
			Name: a.Name, Labels: a.Labels, Skipped: a.Skipped, Unsure: a.Unsure, Late: late[a.Name], Shared: a.Shared, Right: a.Right,
		})
	}
	if len(out.Annotators) == 0 && out.Problem == "" {
		return nil, nil
	}
	if a := r.Agreement(); a != nil {
		out.Alpha, out.Kappa, out.Shared, out.Disagreed = a.Alpha, a.Kappa, a.Shared, len(a.Disagreed)
	}
	return out, nil
}

// askedIn are the numbers of the batches that asked for a sample, by the sample's ID: one
// without a label may be asked for again.
func (f folder) askedIn(s State) (map[string][]int, error) {
	out := map[string][]int{}
	for i, choice := range s.Choices {
		samples, err := f.readChoice(choice.Batch)
		if err != nil {
			return nil, err
		}
		for _, sample := range samples {
			out[sample.ID] = append(out[sample.ID], i)
		}
	}
	return out, nil
}

// since are the answers in the files, for samples that were asked for, that no step has
// taken. One that the log has and that is gone from the files stays, unless its annotator
// says something else of the sample now.
func (f folder) since(took []labelEntry, s State, l config.Label, asked map[string][]int) ([]labelEntry, error) {
	r, err := f.answersSoFar(s, l)
	if err != nil {
		return nil, err
	}
	now := slices.DeleteFunc(f.within(r.Annotations), func(a labelling.Annotation) bool { return asked[a.Sample] == nil })
	out := newEntries("", standing(took), now)
	again := map[vote]bool{}
	for _, e := range out {
		if !e.Withdrawn {
			again[voteOf(e)] = true
		}
	}
	return slices.DeleteFunc(out, func(e labelEntry) bool { return e.Withdrawn && !again[voteOf(e)] }), nil
}

// vote is who speaks of which sample.
type vote struct{ by, sample string }

func voteOf(e labelEntry) vote { return vote{e.By(), e.Sample} }

// lateAnswers counts, by annotators, the samples first answered for when no batch that
// asked for them was open any more. An entry without a step is in the files alone.
func lateAnswers(entries []labelEntry, asked map[string][]int, labelled int) map[string]int {
	out, seen := map[string]int{}, map[vote]bool{}
	for _, e := range entries {
		v := voteOf(e)
		if seen[v] || e.Withdrawn {
			continue
		}
		seen[v] = true
		open := slices.ContainsFunc(asked[e.Sample], func(batch int) bool {
			return e.Step == (label{batch + first}).Name() || e.Step == "" && batch >= labelled
		})
		if !open {
			out[v.by]++
		}
	}
	return out
}
