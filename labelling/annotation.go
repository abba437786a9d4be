package labelling

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Annotation is what one annotator said of one sample.
type Annotation struct {
	Sample string `json:"sample"`
	// Annotator is the name that the file gives the annotator: completed_by and
	// annotator of Label Studio, the column annotator of a table. It is "" where the
	// file gives none; see [Annotation.By].
	Annotator string    `json:"annotator,omitempty"`
	Class     string    `json:"class,omitempty"`  // "" with Skip and with Unsure
	Skip      bool      `json:"skip,omitempty"`   // the sample cannot be labelled
	Unsure    bool      `json:"unsure,omitempty"` // the annotator does not know its class
	Truth     bool      `json:"truth,omitempty"`  // the project calls it the ground truth
	Time      time.Time `json:"time,omitzero"`    // when it was last changed; zero where the file does not say
	File      string    `json:"file,omitempty"`   // that holds it; "" of Read
	Row       int       `json:"row,omitempty"`    // the line of the file, or the number of the task or image, from 1

	also []string // further classes of the same answer, with which it is no label
}

// By names the annotator: as the file does, else by the file's name without its
// ending, so that ann.csv is Ann's.
func (a Annotation) By() string {
	if a.Annotator != "" || a.File == "" {
		return a.Annotator
	}
	base := filepath.Base(a.File)
	return strings.TrimSuffix(base, filepath.Ext(base))
}

// statement is what an annotation says, without when and where.
type statement struct {
	by, class    string
	skip, unsure bool
}

func (a Annotation) statement() statement { return statement{a.By(), a.Class, a.Skip, a.Unsure} }

// counting are the annotations of a sample that count, in their order: the ground
// truth alone where there is one; where times are known, the latest of each annotator;
// and of an annotator whom the file names, what was said twice once. Two answers of a
// file that names no annotator may be of two people. Replaced is how many annotations
// a later one of the same annotator contradicts.
func counting(all []Annotation) (out []Annotation, replaced int) {
	if slices.ContainsFunc(all, Annotation.isTruth) {
		all = slices.DeleteFunc(slices.Clone(all), Annotation.isOpinion)
	}
	latest, last := map[string]int{}, map[statement]int{}
	for i, a := range all {
		if by := a.By(); by != "" && !a.Time.IsZero() {
			if before, there := latest[by]; !there || !a.Time.Before(all[before].Time) {
				latest[by] = i
			}
		}
	}
	superseded := func(i int) bool {
		later, there := latest[all[i].By()]
		return there && !all[i].Time.IsZero() && later != i
	}
	for i, a := range all {
		if !superseded(i) {
			last[a.statement()] = i
		}
	}
	for i, a := range all {
		switch {
		case superseded(i):
			if all[latest[a.By()]].statement() != a.statement() {
				replaced++
			}
		case a.Annotator == "" || last[a.statement()] == i:
			out = append(out, a)
		}
	}
	return out, replaced
}

func (a Annotation) isTruth() bool   { return a.Truth }
func (a Annotation) isOpinion() bool { return !a.Truth }

// layouts are those of times, beside RFC 3339, that tables and tools write.
var layouts = []string{time.RFC3339Nano, "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999"}

// parseTime reads a time; one without a zone is UTC.
func parseTime(text string) (time.Time, bool) {
	for _, layout := range layouts {
		if t, err := time.Parse(layout, strings.TrimSpace(text)); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

// annotatorOf is the name of an annotator, which Label Studio writes as a number, as a
// text or as an object.
func annotatorOf(raw json.RawMessage) string {
	if name := plain(raw); name != "" {
		return name
	}
	var user map[string]json.RawMessage
	if json.Unmarshal(raw, &user) != nil {
		return ""
	}
	for _, field := range []string{"email", "username", "id"} {
		if name := plain(user[field]); name != "" {
			return name
		}
	}
	return ""
}
