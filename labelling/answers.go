package labelling

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// answers collects those of all samples of some files.
type answers struct {
	config   Config
	order    []string // samples as they come
	of       map[string][]Annotation
	all      []Annotation // in the order of reading
	file     string       // that is being read, "" of Read
	several  bool         // files are read, so that messages name them
	problems problems
	notes    []string
}

func newAnswers(c Config) *answers {
	return &answers{config: c, of: map[string][]Annotation{}}
}

// Decide makes one label a sample of annotations, as ReadFiles does of those that it
// reads.
func Decide(annotations []Annotation, c Config) (*Result, error) {
	a := newAnswers(c)
	for _, x := range annotations {
		a.sample(x.Sample)
		a.of[x.Sample] = append(a.of[x.Sample], x)
	}
	a.all = annotations
	return a.result()
}

// named is the sample that a file calls so.
func (a *answers) named(id string) string {
	if a.config.SampleOf == nil {
		return id
	}
	return a.config.SampleOf(id)
}

// sample adds a sample by its own name. It may have no answer.
func (a *answers) sample(id string) {
	if _, there := a.of[id]; !there {
		a.order = append(a.order, id)
		a.of[id] = nil
	}
}

// add adds an answer of the classes that a file gives, one unless it is no label; an
// answer without a class that says nothing else is none.
func (a *answers) add(got Annotation, classes ...string) {
	got.Sample, got.File = a.named(got.Sample), a.file
	a.sample(got.Sample)
	var named []string
	for _, class := range classes {
		switch {
		case slices.Contains(a.config.Classes.Names, class):
			named = append(named, class)
		case class == cmp.Or(a.config.Skip, DefaultSkip):
			got.Skip = true
		case class == DefaultUnsure:
			got.Unsure = true
		case !missing(class):
			named = append(named, class)
		}
	}
	if len(named) > 0 {
		got.Class, got.also, got.Skip, got.Unsure = named[0], named[1:], false, false
	}
	if got.Class == "" && !got.Skip && !got.Unsure {
		return
	}
	a.of[got.Sample] = append(a.of[got.Sample], got)
	a.all = append(a.all, got)
}

// time is the first of some texts, "" for none; that it is no time is noted once a file.
func (a *answers) time(of Annotation, texts ...string) time.Time {
	text := cmp.Or(slices.DeleteFunc(texts, missing)...)
	t, ok := parseTime(text)
	if text == "" || ok {
		return t
	}
	note := a.prefix(a.file) + "some answers have a time that is none, and count as without"
	if !slices.ContainsFunc(a.notes, func(n string) bool { return strings.HasPrefix(n, note) }) {
		a.notes = append(a.notes, fmt.Sprintf("%s: the first is %q, of %s", note, text, of.Sample))
	}
	return t
}

// prefix names a file in a message, where there are several.
func (a *answers) prefix(file string) string {
	if !a.several || file == "" {
		return ""
	}
	return file + ": "
}

// missing reports whether a class is a way to write that there is none.
func missing(class string) bool {
	return slices.Contains([]string{"", "nan", "NaN", "None", "NA", "<NA>", "null", "-1", "-1.0"}, strings.TrimSpace(class))
}

// quoted lists texts in quotes.
func quoted(list []string, between string) string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = fmt.Sprintf("%q", s)
	}
	return strings.Join(out, between)
}
