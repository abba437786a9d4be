package labelling

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"

	"github.com/prunefuse/prunefuse/data"
	"github.com/prunefuse/prunefuse/internal/spelling"
)

// Array gives each sample of a set its label, -1 where it has none. Labels that fit
// no sample or no class are all told at once.
func Array(labels []Label, set *Samples, classes data.Classes) ([]int64, error) {
	values := make([]int64, set.n)
	for i := range values {
		values[i] = -1
	}
	var p problems
	for _, l := range labels {
		i, there := set.at[spelling.Composed(l.ID)]
		n, err := classes.Number(l.Class)
		switch {
		case !there:
			p.add("the data has no sample %q", l.ID)
		case err != nil:
			p.add("sample %s: %v", l.ID, err)
		default:
			values[i] = int64(n)
		}
	}
	return values, p.err()
}

// Samples knows where the samples of a set are.
type Samples struct {
	n  int
	at map[string]int // by the composed ID
}

// SamplesOf finds the samples of a set.
func SamplesOf(set data.Set) *Samples {
	s := &Samples{n: set.Len(), at: make(map[string]int, set.Len())}
	for i := range s.n {
		s.at[spelling.Composed(set.ID(i))] = i
	}
	return s
}

// Has reports whether there is a sample of an ID.
func (s *Samples) Has(id string) bool {
	_, there := s.at[spelling.Composed(id)]
	return there
}

// Listed is a line of a list of images with their labels.
type Listed struct {
	Path  string `json:"path"`
	Label any    `json:"label"` // a number, or a name
	ID    string `json:"id"`
}

// List makes a list of images. Root is their folder, "" for none, and paths are as
// seen from the folder of the list. Labels are numbers where names of classes are
// known, or people wrote numbers, and else the words that they wrote.
func List(labels []Label, classes data.Classes, root, folder string) ([]Listed, error) {
	lines := make([]Listed, len(labels))
	var p problems
	for i, l := range labels {
		lines[i] = Listed{Path: l.ID, Label: l.Class, ID: l.ID}
		if root != "" {
			path := filepath.Join(root, filepath.FromSlash(l.ID))
			if rel, err := filepath.Rel(folder, path); err == nil {
				path = rel
			}
			lines[i].Path = filepath.ToSlash(path)
		}
		n, err := classes.Number(l.Class)
		switch {
		case err == nil:
			lines[i].Label = n
		case len(classes.Names) > 0:
			p.add("sample %s: %v", l.ID, err)
		}
	}
	return lines, p.err()
}

// WriteList writes a list as CSV, or as JSON lines.
func WriteList(w io.Writer, lines []Listed, jsonl bool) error {
	if jsonl {
		e := json.NewEncoder(w)
		e.SetEscapeHTML(false)
		for _, l := range lines {
			if err := e.Encode(l); err != nil {
				return err
			}
		}
		return nil
	}
	rows := [][]string{{"path", "label", "id"}}
	for _, l := range lines {
		rows = append(rows, []string{l.Path, fmt.Sprint(l.Label), l.ID})
	}
	return csv.NewWriter(w).WriteAll(rows)
}
