package labelling

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// answer is what one person said of a sample, or a file of its truth.
type answer struct {
	classes []string
	truth   bool   // the project calls it the ground truth
	file    string // "" where only one is read
}

// answers collects those of all samples of a file.
type answers struct {
	config   Config
	order    []string // samples as they come
	of       map[string][]answer
	skipped  map[string]bool // somebody could not label the sample
	file     string          // that is being read, "" where only one is
	problems problems
	notes    []string
}

func newAnswers(c Config) *answers {
	return &answers{config: c, of: map[string][]answer{}, skipped: map[string]bool{}}
}

// named is the sample that a file calls so.
func (a *answers) named(id string) string {
	if a.config.SampleOf == nil {
		return id
	}
	return a.config.SampleOf(id)
}

// sample adds a sample, which may have no answer.
func (a *answers) sample(id string) {
	id = a.named(id)
	if _, there := a.of[id]; !there {
		a.order = append(a.order, id)
		a.of[id] = nil
	}
}

// add adds an answer; one without a class is none.
func (a *answers) add(id string, got answer) {
	id = a.named(id)
	a.sample(id)
	got.classes = slices.DeleteFunc(got.classes, func(c string) bool {
		if skips := a.skips(c); skips {
			a.skipped[id] = true
			return true
		}
		return a.missing(c)
	})
	got.file = a.file
	if len(got.classes) > 0 {
		a.of[id] = append(a.of[id], got)
	}
}

// skips reports whether an answer says that there is no class to give.
func (a *answers) skips(class string) bool {
	return class == cmp.Or(a.config.Skip, DefaultSkip) && !slices.Contains(a.config.Classes.Names, class)
}

// missing reports whether a class is a way to write that there is none, and no name
// of a class.
func (a *answers) missing(class string) bool {
	if slices.Contains(a.config.Classes.Names, class) {
		return false
	}
	return slices.Contains([]string{"", "nan", "NaN", "None", "NA", "<NA>", "null", "-1", "-1.0"}, strings.TrimSpace(class))
}

// result makes one label a sample.
func (a *answers) result() (*Result, error) {
	r := &Result{Notes: a.notes}
	truths, differ := 0, 0
	for _, id := range a.order {
		given := a.of[id]
		if truth := slices.DeleteFunc(slices.Clone(given), func(g answer) bool { return !g.truth }); len(truth) > 0 {
			if len(truth) < len(given) {
				truths++
			}
			given = truth
		}
		class, several := a.class(id, given)
		if several {
			differ++
		}
		switch {
		case class != "":
		case a.skipped[id]:
			r.Skipped = append(r.Skipped, id)
			continue
		default:
			r.Unlabelled++
			continue
		}
		if len(a.config.Classes.Names) > 0 {
			if _, err := a.config.Classes.Number(class); err != nil {
				a.problems.add("%s%s: %v", whose(given, class), id, err)
			}
		}
		if a.config.HasSample != nil && !a.config.HasSample(id) {
			a.problems.add("%sthe data has no sample %q", whose(given, class), id)
		}
		r.Labels = append(r.Labels, Label{id, class})
	}
	if truths > 0 {
		r.Notes = append(r.Notes, fmt.Sprintf("of %d samples the ground truth counts, and no other answer", truths))
	}
	if differ > 0 {
		r.Notes = append(r.Notes, fmt.Sprintf("%d samples have answers that differ: %s", differ, a.config.Disagreement.effect()))
	}
	if err := a.problems.err(); err != nil {
		return nil, err
	}
	return r, nil
}

// whose names the file of a class, where there are several files.
func whose(given []answer, class string) string {
	for _, g := range given {
		if g.file != "" && slices.Contains(g.classes, class) {
			return g.file + ": "
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
	case Skip:
		return "they stay without a label"
	}
	return "refused"
}

// class is the one that the answers of a sample give, "" for none; several reports
// that they differ.
func (a *answers) class(id string, given []answer) (class string, several bool) {
	var classes []string
	for _, g := range given {
		if len(g.classes) > 1 {
			a.problems.add("%s has %d classes in one answer: %q", id, len(g.classes), g.classes)
			return "", false
		}
		classes = append(classes, g.classes[0])
	}
	distinct := slices.Compact(slices.Sorted(slices.Values(classes)))
	if len(distinct) < 2 {
		return strings.Join(distinct, ""), false
	}
	switch a.config.Disagreement {
	case Last:
		return classes[len(classes)-1], true
	case Skip:
		return "", true
	case Majority:
		if best, ok := majority(classes, distinct); ok {
			return best, true
		}
		a.problems.add("%s: as many say %s", id, quoted(distinct, " as "))
		return "", true
	}
	a.problems.add("%s%s: the answers differ, %s (%s last, majority or skip)", whose(given, classes[len(classes)-1]), id, quoted(classes, ", "), cmp.Or(a.config.Decides, "--disagreement"))
	return "", true
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

func quoted(list []string, between string) string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = fmt.Sprintf("%q", s)
	}
	return strings.Join(out, between)
}
