package data

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
)

// A Note says what [Open] took for granted, or passed over.
type Note struct {
	Text string
	Lost int // samples that are not in the set although they are there
}

// note tells a guess.
func (o Options) note(format string, args ...any) {
	if o.Note != nil {
		o.Note(Note{Text: fmt.Sprintf(format, args...)})
	}
}

// lost tells of samples that are not in the set.
func (o Options) lost(n int, format string, args ...any) {
	if o.Note != nil && n > 0 {
		o.Note(Note{Text: fmt.Sprintf(format, args...), Lost: n})
	}
}

// passedOver counts files by the extensions of their names.
type passedOver map[string]int

func (p passedOver) add(name string) { p[strings.ToLower(path.Ext(name))]++ }

func (p passedOver) all(names []string) {
	for _, name := range names {
		p.add(name)
	}
}

func (p passedOver) merge(other passedOver) {
	for ext, n := range other {
		p[ext] += n
	}
}

// describe reports whether there are files, and all of them describe samples.
func (p passedOver) describe() bool {
	for ext := range p {
		if !slices.Contains(companions, ext) {
			return false
		}
	}
	return len(p) > 0
}

// suffix says which files there are instead of images.
func (p passedOver) suffix() string {
	if len(p) == 0 {
		return ""
	}
	return "; its files are " + p.kinds()
}

// kinds lists the counts by extension.
func (p passedOver) kinds() string {
	var kinds []string
	for _, ext := range slices.Sorted(maps.Keys(p)) {
		name := ext
		if name == "" {
			name = "without extension"
		}
		kinds = append(kinds, fmt.Sprintf("%d %s", p[ext], name))
	}
	return strings.Join(kinds, ", ")
}

// companions are the extensions of files that describe samples and are none.
var companions = []string{
	".txt", ".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".xml", ".yaml", ".yml", ".toml", ".md", ".rst", ".html",
	".pdf", ".log", ".lst", ".names", ".db", ".ini", ".lnk", ".url", ".py", ".sh", ".ipynb", ".md5", ".sha256", ".cls",
}

// tell says which files were passed over, and which of them may be samples.
func (p passedOver) tell(o Options) {
	others, samples := 0, 0
	for ext, n := range p {
		if slices.Contains(companions, ext) {
			others += n
		} else {
			samples += n
		}
	}
	switch {
	case samples > 0:
		o.lost(samples, "passed over %d files of kinds that are not read: %s", samples+others, p.kinds())
	case others > 0:
		o.note("passed over %d files that are no images: %s", others, p.kinds())
	}
}
