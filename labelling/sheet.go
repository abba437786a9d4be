package labelling

import (
	"cmp"
	_ "embed"
	"encoding/base64"
	"errors"
	"fmt"
	"html/template"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/prunefuse/prunefuse/data"
	"github.com/prunefuse/prunefuse/scoring/selection"
)

// Sheet is a page that shows a batch at a glance: its images, why each was chosen, and
// for what the network takes them. It needs no network.
type Sheet struct {
	Title    string
	Strategy string // by which the samples were chosen
	Classes  data.Classes
	Items    []Item
	// Picture returns the image file of an item, to stand within the page; nil links to
	// Image of each.
	Picture func(Item) ([]byte, error)

	labelled map[string]int // samples that have a label, by class
}

// SheetOf returns the page of a choice. Records that have their class probabilities show
// the three best.
func SheetOf(chosen []selection.Selected, strategy string, classes data.Classes) (Sheet, error) {
	s := Sheet{Strategy: strategy, Classes: classes}
	for _, c := range chosen {
		it, err := ItemOf(selection.LineOf(c, strategy), classes)
		if err == nil && c.Record.Probabilities != nil {
			it.Best, err = Best(c.Record.Probabilities, classes)
		}
		if err != nil {
			return s, fmt.Errorf("sample %s: %w", c.Record.ID, err)
		}
		s.Items = append(s.Items, it)
	}
	return s, nil
}

// Count counts the samples that have a label, from the number of the class of each.
func (s *Sheet) Count(labels []int) error {
	s.labelled = map[string]int{}
	for _, label := range labels {
		name, err := s.Classes.Name(label)
		if err != nil {
			return err
		}
		s.labelled[name]++
	}
	return nil
}

//go:embed sheet.html.tmpl
var sheetText string

var sheetPage = template.Must(template.New("sheet").Funcs(template.FuncMap{
	"percent": func(v float64) string { return fmt.Sprintf("%.0f %%", 100*v) },
}).Parse(sheetText))

// Write writes the page as HTML.
func (s Sheet) Write(w io.Writer) error {
	cards := make([]card, len(s.Items))
	guessed := map[string]int{}
	for i, it := range s.Items {
		cards[i] = card{it, s.Picture}
		if it.Class != "" {
			guessed[it.Class]++
		}
	}
	err := sheetPage.Execute(w, struct {
		Title, Strategy, Classes, Guessed, Labelled string
		Linked                                      bool
		Cards                                       []card
	}{s.Title, s.Strategy, s.Classes.String(), balance(guessed), balance(s.labelled), s.Picture == nil, cards})
	if failed := (*pictureError)(nil); errors.As(err, &failed) {
		return failed // without how the page came to it
	}
	return err
}

// pictureError says that an image cannot be shown.
type pictureError struct {
	id  string
	err error
}

func (e *pictureError) Error() string { return fmt.Sprintf("image of %s: %v", e.id, e.err) }
func (e *pictureError) Unwrap() error { return e.err }

// card is an item on the page.
type card struct {
	Item
	picture func(Item) ([]byte, error)
}

// Source is the address of the image, or the image itself; "" where there is none.
func (c card) Source() (any, error) {
	if c.picture == nil {
		return c.Image, nil
	}
	content, err := c.picture(c.Item)
	if err != nil {
		return nil, &pictureError{c.ID, err}
	}
	if content == nil {
		return "", nil
	}
	kind := http.DetectContentType(content)
	return template.URL("data:" + kind + ";base64," + base64.StdEncoding.EncodeToString(content)), nil
}

// Guesses are the classes that the network finds most likely, or the one that is known.
func (c card) Guesses() []Guess {
	if c.Best == nil && c.Class != "" {
		return []Guess{{c.Class, c.Confidence}}
	}
	return c.Best
}

// balance lists classes by how often they are there, the most frequent first.
func balance(counts map[string]int) string {
	names := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(counts[b]-counts[a], strings.Compare(a, b))
	})
	for i, name := range names {
		names[i] = fmt.Sprintf("%s (%d)", name, counts[name])
	}
	return strings.Join(names, ", ")
}
