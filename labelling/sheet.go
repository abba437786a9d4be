package labelling

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/prunefuse/prunefuse/data"
)

// Sheet is a page that shows a batch at a glance: its images, and for what the network
// takes them. It needs no network and no other file than the images.
type Sheet struct {
	Title    string
	Strategy string // by which the samples were chosen
	Classes  data.Classes
	Items    []Item
}

//go:embed sheet.html.tmpl
var sheetText string

var sheetPage = template.Must(template.New("sheet").Funcs(template.FuncMap{
	"percent": func(v float64) string { return fmt.Sprintf("%.0f %%", 100*v) },
}).Parse(sheetText))

// Write writes the page as HTML.
func (s Sheet) Write(w io.Writer) error {
	return sheetPage.Execute(w, struct {
		Title, Strategy, Classes, Balance string
		Items                             []Item
	}{s.Title, s.Strategy, s.Classes.String(), s.balance(), s.Items})
}

// balance counts the classes for which the network takes the samples, the most
// frequent first.
func (s Sheet) balance() string {
	counts := map[string]int{}
	for _, it := range s.Items {
		if it.Class != "" {
			counts[it.Class]++
		}
	}
	names := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		if d := counts[b] - counts[a]; d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	for i, name := range names {
		names[i] = fmt.Sprintf("%s (%d)", name, counts[name])
	}
	return strings.Join(names, ", ")
}
