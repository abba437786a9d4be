package loop

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/prunefuse/prunefuse/internal/report"
)

// earlierPictures is how many images the report shows of all rounds before the last
// together, and roundPictures of one of them.
const earlierPictures, roundPictures = 160, 8

// addRounds adds the batches of the arms that choose, and the classes of their labels.
func addRounds(r *report.Report, arms []Arm, f folder) error {
	names := map[int]string{}
	known := arms[0].State.Classes
	for _, arm := range arms {
		if arm.Spec.Shares == AllLabels {
			continue
		}
		counts := make([]map[int]int, len(arm.State.Labels))
		for i, b := range arm.State.Labels {
			counts[i] = map[int]int{}
			for line, err := range readLabels(f, b) {
				if err != nil {
					return err
				}
				if !line.Skipped {
					counts[i][line.Label]++
					names[line.Label] = line.Class
					known = max(known, line.Label+1)
				}
			}
		}
		rounds, err := roundsOf(arm, counts, f)
		if err != nil {
			return err
		}
		r.Rounds = append(r.Rounds, rounds...)
	}
	for i := range known {
		r.Classes = append(r.Classes, cmp.Or(names[i], strconv.Itoa(i)))
	}
	for i := range r.Rounds {
		if b := &r.Rounds[i]; b.Counts != nil {
			b.Counts = append(b.Counts, make([]int, known-len(b.Counts))...)
		}
	}
	return nil
}

// roundsOf are the batches of an arm, with the labels of each by class.
func roundsOf(arm Arm, counts []map[int]int, f folder) ([]report.Round, error) {
	s := arm.State
	choices := s.Choices
	var out []report.Round
	if shared := len(s.Labels) > 0 && arm.Spec.Shares == FirstLabels; shared {
		out = append(out, report.Round{Arm: arm.Name, Chosen: s.Labels[0].Samples + s.Labels[0].NoLabel, Shared: true})
	}
	for _, c := range choices {
		out = append(out, report.Round{Arm: arm.Name, Strategy: c.Strategy, Pool: c.Pool, Chosen: c.Samples})
	}
	labels := 0
	for i := range out {
		b := &out[i]
		b.Name = "first labels"
		if i > 0 {
			b.Name = fmt.Sprintf("round %d", i-1)
		}
		if i >= len(s.Labels) {
			continue
		}
		labels += s.Labels[i].Samples
		b.Labels, b.NoLabel, b.Counts = labels, s.Labels[i].NoLabel, dense(counts[i])
	}
	if arm.Spec.Shares != Nothing {
		return out, nil
	}
	return out, addPictures(out, choices, f)
}

// dense lists counts by class, up to the last class that has some.
func dense(counts map[int]int) []int {
	out := []int{}
	for class, n := range counts {
		if class >= len(out) {
			out = append(out, make([]int, class+1-len(out))...)
		}
		out[class] = n
	}
	return out
}

// addPictures adds the first images of each choice by a network but the last one, which
// the report shows in full.
func addPictures(rounds []report.Round, choices []Choice, f folder) error {
	var with []int
	for i, c := range choices {
		if c.Pictures != (Artefact{}) {
			with = append(with, i)
		}
	}
	if len(with) < 2 {
		return nil
	}
	with = with[:len(with)-1]
	each := min(roundPictures, max(1, earlierPictures/len(with)))
	for _, i := range with {
		thumbs, err := f.readPictures(choices[i].Pictures)
		if err != nil {
			return err
		}
		rounds[i].Thumbs = thumbs[:min(each, len(thumbs))]
	}
	return nil
}

// readPictures reads what the report shows of a choice.
func (f folder) readPictures(a Artefact) (thumbs []report.Thumb, err error) {
	in, err := f.open(a)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	if err := json.NewDecoder(in).Decode(&thumbs); err != nil {
		return nil, fmt.Errorf("read %s: %w", in.Name(), err)
	}
	return thumbs, nil
}
