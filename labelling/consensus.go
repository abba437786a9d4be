package labelling

import (
	"fmt"
	"slices"
	"strings"
)

// result makes one label a sample.
func (a *answers) result() (*Result, error) {
	r := &Result{Notes: a.notes, Annotations: a.all, taken: a.config.Taken}
	votes := a.votes(r)
	likely, err := a.likely(votes)
	if err != nil {
		return nil, err
	}
	skips := 0 // samples with a class that somebody skipped
	for _, id := range a.order {
		if class, taken := a.config.Taken[id]; taken {
			a.compare(id, class, votes[id], likely, r)
			continue
		}
		class := a.class(id, votes[id], likely, r)
		a.checkClasses(id, class, votes[id])
		said := func(what func(Annotation) bool) bool { return slices.ContainsFunc(votes[id], what) }
		switch {
		case class != "":
			a.label(id, class, votes[id], r)
			if said(func(v Annotation) bool { return v.Skip }) {
				skips++
			}
		case said(func(v Annotation) bool { return v.Class != "" }), len(votes[id]) == 0:
			r.Unlabelled++
		case said(func(v Annotation) bool { return v.Skip }):
			r.Skipped = append(r.Skipped, id)
		default:
			r.Unsure = append(r.Unsure, id)
		}
	}
	a.tell(r, skips)
	if err := a.problems.err(); err != nil {
		return nil, err
	}
	return r, nil
}

// tell notes how many samples have answers that do not speak for themselves.
func (a *answers) tell(r *Result, skips int) {
	if n := len(r.Disagreed); n > 0 {
		r.Notes = append(r.Notes, fmt.Sprintf("%d samples have answers that differ: %s", n, a.config.Disagreement.effect()))
	}
	if skips > 0 {
		r.Notes = append(r.Notes, fmt.Sprintf("%d samples have a class that somebody else skipped: the class counts", skips))
	}
	if n := len(r.Changed); n > 0 {
		r.Notes = append(r.Notes, fmt.Sprintf("of %d samples the answers say another class than the label that was taken, which stays: the first is %s", n, r.Changed[0]))
	}
	if n := len(r.Unsure); n > 0 {
		r.Notes = append(r.Notes, fmt.Sprintf("of %d samples nobody gave a class, and somebody said %q", n, DefaultUnsure))
	}
}

// compare sets what the votes for a sample say now against its label, which stays.
func (a *answers) compare(id, label string, votes []Annotation, likely map[string]string, r *Result) {
	before := len(a.problems)
	class := a.class(id, votes, likely, r)
	a.problems = a.problems[:before]
	if class != "" && class != label {
		r.Changed = append(r.Changed, id)
	}
}

// label adds the label of a sample, or the problem with its name.
func (a *answers) label(id, class string, votes []Annotation, r *Result) {
	if a.config.HasSample != nil && !a.config.HasSample(id) {
		a.problems.add("%sthe data has no sample %q", a.fileOf(votes, class), id)
	}
	r.Labels = append(r.Labels, Label{id, class})
}

// checkClasses refuses classes that there are not, of every vote that was weighed for a
// class: of all of them, unless the last alone counts.
func (a *answers) checkClasses(id, class string, votes []Annotation) {
	if len(a.config.Classes.Names) == 0 {
		return
	}
	var weighed []string
	for _, v := range votes {
		if v.Class != "" && !slices.Contains(weighed, v.Class) && (a.config.Disagreement != Last || v.Class == class) {
			weighed = append(weighed, v.Class)
		}
	}
	for _, class := range weighed {
		if _, err := a.config.Classes.Number(class); err != nil {
			a.problems.add("%s%s: %v", a.fileOf(votes, class), id, err)
		}
	}
}

// votes are the annotations that count, by sample. Which do not is noted.
func (a *answers) votes(r *Result) map[string][]Annotation {
	truths, replaced := 0, 0
	out := make(map[string][]Annotation, len(a.order))
	for _, id := range a.order {
		all := a.of[id]
		votes, n := counting(all)
		out[id] = votes
		replaced += n
		if slices.ContainsFunc(all, Annotation.isTruth) && slices.ContainsFunc(all, Annotation.isOpinion) {
			truths++
		}
	}
	if truths > 0 {
		r.Notes = append(r.Notes, fmt.Sprintf("of %d samples the ground truth counts, and no other answer", truths))
	}
	if replaced > 0 {
		r.Notes = append(r.Notes, fmt.Sprintf("%d answers do not count, as the same annotator gave another one later", replaced))
	}
	return out
}

// likely are the classes that Dawid and Skene give the samples, where they decide.
func (a *answers) likely(votes map[string][]Annotation) (map[string]string, error) {
	all := newRatings(a.order, votes)
	if a.config.Disagreement != DawidSkene || len(all.List) == 0 {
		return nil, nil
	}
	return all.dawidSkene()
}

// class is the one that the votes for a sample give, "" for none. Votes that agree
// stand, whoever gives them; likely decides between those that do not.
func (a *answers) class(id string, votes []Annotation, likely map[string]string, r *Result) string {
	var classes []string
	for _, v := range votes {
		if len(v.also) > 0 {
			a.problems.add("%s has %d classes in one answer: %q", id, 1+len(v.also), append([]string{v.Class}, v.also...))
			return ""
		}
		if v.Class != "" {
			classes = append(classes, v.Class)
		}
	}
	distinct := slices.Compact(slices.Sorted(slices.Values(classes)))
	if len(distinct) < 2 {
		return strings.Join(distinct, "")
	}
	r.Disagreed = append(r.Disagreed, id)
	decides := a.config.help("--disagreement", "label.disagreement:")
	switch a.config.Disagreement {
	case Last:
		return last(votes)
	case Skip:
		return ""
	case Majority, DawidSkene:
		best, ok := majority(classes, distinct)
		if a.config.Disagreement == DawidSkene {
			best, ok = likely[id], likely[id] != ""
		}
		if ok {
			return best
		}
		if !a.config.SkipTies {
			a.problems.add("%s%s: the answers differ, %s, and as many say %s (%s last or skip)", a.fileOf(votes, classes[len(classes)-1]), id, quoted(classes, ", "), quoted(distinct, " as "), decides)
		}
		return ""
	}
	a.problems.add("%s%s: the answers differ, %s (%s last, majority or skip)", a.fileOf(votes, classes[len(classes)-1]), id, quoted(classes, ", "), decides)
	return ""
}

// last is the class of the vote that was given last, by the times where all have one,
// else by the order of the files.
func last(votes []Annotation) (class string) {
	votes = slices.DeleteFunc(slices.Clone(votes), func(v Annotation) bool { return v.Class == "" })
	if !slices.ContainsFunc(votes, func(v Annotation) bool { return v.Time.IsZero() }) {
		slices.SortStableFunc(votes, func(a, b Annotation) int { return a.Time.Compare(b.Time) })
	}
	return votes[len(votes)-1].Class
}

// majority is the class that most answers give; ok is false where several have as
// many.
func majority(classes, distinct []string) (best string, ok bool) {
	most := 0
	for _, class := range distinct {
		n := 0
		for _, c := range classes {
			if c == class {
				n++
			}
		}
		if n == most {
			ok = false
		}
		if n > most {
			best, most, ok = class, n, true
		}
	}
	return best, ok
}

// fileOf names the file of a class, where there are several files.
func (a *answers) fileOf(votes []Annotation, class string) string {
	for _, v := range votes {
		if v.Class == class {
			return a.prefix(v.File)
		}
	}
	return ""
}

// effect tells what a way does.
func (d Disagreement) effect() string {
	switch d {
	case Last:
		return "the last counts"
	case Majority:
		return "that of most counts"
	case DawidSkene:
		return "the class that is most likely by how each annotator errs counts"
	case Skip:
		return "they stay without a label"
	}
	return "refused"
}
