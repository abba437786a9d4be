package review

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/prunefuse/prunefuse/data"
	"github.com/prunefuse/prunefuse/scoring"
	"github.com/prunefuse/prunefuse/scoring/selection"
)

// Strategy names a review in the selection that it makes.
const Strategy = "review"

// Files name what is known of the samples of a score file; "" for nothing.
type Files struct {
	Probabilities string // an .npy array, a row for each index of the score file
	Dynamics      string // a score file of what a training saw
}

// Schema is the format of a Chosen as JSON.
const Schema = "prunefuse.label.review/1"

// Chosen is a review of a score file.
type Chosen struct {
	Schema      string               `json:"schema"` // Schema
	Selected    []selection.Selected `json:"-"`      // the most suspicious first; Class is what the label may be instead
	Count       int                  `json:"count"`  // of these
	Labelled    int                  `json:"labelled"`
	Unlabelled  int                  `json:"unlabelled"`            // samples without a label, which are left out
	Mislabelled *int                 `json:"mislabelled,omitempty"` // labels that confident learning counts to other classes; nil without probabilities
	Errors      *float64             `json:"errors,omitempty"`      // labels that it estimates to be wrong
}

// Text tells the same in a line.
func (c *Chosen) Text() string {
	text := fmt.Sprintf("%d of %d labels to look at again", c.Count, c.Labelled)
	if c.Mislabelled != nil {
		text += fmt.Sprintf("; confident learning counts %d to other classes, and estimates %.0f to be wrong", *c.Mislabelled, *c.Errors)
	}
	if c.Unlabelled > 0 {
		text += fmt.Sprintf("; %d samples have no label", c.Unlabelled)
	}
	return text + "\n"
}

// Choose reads a score file of labelled samples and chooses the k whose labels are most
// likely wrong; with k of 0 those that confident learning counts to another class.
func Choose(scores io.Reader, f Files, k int) (*Chosen, error) {
	lines, c, err := readLines(scores)
	if err != nil {
		return nil, err
	}
	samples := make([]Sample, len(lines))
	for i, line := range lines {
		samples[i].Label = *line.Label
	}
	if f.Probabilities != "" {
		if err := readProbabilities(f.Probabilities, lines, samples); err != nil {
			return nil, fmt.Errorf("%s: %w", f.Probabilities, err)
		}
	} else if k == 0 {
		return nil, errors.New("without probabilities none is told to be mislabelled: say how many samples to choose")
	}
	if f.Dynamics != "" {
		if err := readDynamics(f.Dynamics, lines, samples); err != nil {
			return nil, fmt.Errorf("%s: %w", f.Dynamics, err)
		}
	}
	r, err := Rank(samples)
	if err != nil {
		return nil, err
	}
	mislabelled := 0
	for rank, s := range r.Suspects {
		if s.Mislabelled {
			mislabelled++
		}
		if rank < k || k == 0 && s.Mislabelled {
			c.Selected = append(c.Selected, selected(rank+1, s, lines[s.At], samples[s.At]))
		}
	}
	if c.Count = len(c.Selected); r.Confident != nil {
		c.Mislabelled, c.Errors = &mislabelled, &r.Confident.Errors
	}
	return c, nil
}

// readLines reads the samples with a label, and counts the others.
func readLines(scores io.Reader) (lines []selection.Line, c *Chosen, err error) {
	c = &Chosen{Schema: Schema}
	for line, err := range selection.ReadFile(scores) {
		switch {
		case err != nil:
			return nil, nil, err
		case line.Label == nil:
			c.Unlabelled++
			continue
		}
		lines = append(lines, line)
	}
	if c.Labelled = len(lines); c.Labelled == 0 {
		return nil, nil, errors.New("none of its samples has a label to review: score data that have labels")
	}
	return lines, c, nil
}

func readProbabilities(path string, lines []selection.Line, samples []Sample) error {
	a, err := data.OpenNPY(path)
	if err != nil {
		return err
	}
	defer a.Close()
	if len(a.Shape) != 2 || a.Shape[1] < 2 {
		return fmt.Errorf("it has the shape %v: want a row of two probabilities or more for each sample", a.Shape)
	}
	k := a.Shape[1]
	for i, line := range lines {
		switch {
		case line.Index < 0 || line.Index >= a.Shape[0]:
			return fmt.Errorf("it has %d rows, and sample %s has the index %d: it is of other samples", a.Shape[0], line.ID, line.Index)
		case *line.Label < 0 || *line.Label >= k:
			return fmt.Errorf("sample %s has the label %d, and there are %d classes", line.ID, *line.Label, k)
		}
		row := make([]float32, k)
		if err := a.ReadFloats(line.Index*k, row); err != nil {
			return err
		}
		for _, p := range row {
			if !(p >= 0 && p <= 1.001) {
				return fmt.Errorf("row %d, of sample %s, has %v, which is no probability", line.Index, line.ID, p)
			}
		}
		samples[i].Probabilities = row
	}
	return nil
}

// readDynamics takes what a training saw of the samples, by their names. Their labels are
// to be the ones that it was trained on.
func readDynamics(path string, lines []selection.Line, samples []Sample) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	at := make(map[string]int, len(lines))
	for i, line := range lines {
		at[line.ID] = i
	}
	found := 0
	for line, err := range selection.ReadFile(f) {
		if err != nil {
			return err
		}
		i, known := at[line.ID]
		if !known {
			continue
		}
		if line.Label == nil || *line.Label != samples[i].Label {
			return fmt.Errorf("sample %s was trained on another label than the score file has: they are of other labels", line.ID)
		}
		aum, hasAUM := line.Scores.Of("aum")
		forgetting, hasForgetting := line.Scores.Of("forgetting")
		if !hasAUM || !hasForgetting {
			return fmt.Errorf("sample %s has no aum and forgetting: want the file of train --dynamics", line.ID)
		}
		samples[i].Dynamics = &Dynamics{AUM: aum, Forgetting: forgetting}
		found++
	}
	if found == 0 {
		return errors.New("it has none of the samples of the score file")
	}
	return nil
}

// selected is a suspect as a selection has it.
func selected(rank int, s Suspect, line selection.Line, sample Sample) selection.Selected {
	scores := map[string]float64{"suspicion": s.Suspicion}
	record := scoring.Record{Index: line.Index, ID: line.ID, Label: line.Label, Class: line.Class, Confidence: line.Confidence}
	if sample.Probabilities != nil {
		record.Class, record.Confidence = s.Class, float64(sample.Probabilities[s.Class])
		scores["label-probability"], scores["label-margin"] = float64(sample.Probabilities[sample.Label]), s.Margin
		scores["mislabelled"] = 0
		if s.Mislabelled {
			scores["mislabelled"] = 1
		}
	}
	if d := sample.Dynamics; d != nil {
		scores["aum"], scores["forgetting"] = d.AUM, d.Forgetting
	}
	record.Scores = scoring.ScoresOf(scores)
	return selection.Selected{Rank: rank, Score: s.Suspicion, Cluster: -1, Record: record}
}
