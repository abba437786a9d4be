package labelling

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"

	"github.com/prunefuse/prunefuse/data"
)

// bySource is the source of tags that a network set, as CVAT names it.
const bySource = "auto"

// cvatFile is "CVAT for images 1.1".
type cvatFile struct {
	XMLName xml.Name   `xml:"annotations"`
	Version string     `xml:"version"`
	Meta    cvatMeta   `xml:"meta"`
	Images  []cvatItem `xml:"image"`
}

type cvatMeta struct {
	Size   int         `xml:"task>size"`
	Mode   string      `xml:"task>mode"`
	Labels []cvatLabel `xml:"task>labels>label"`
}

type cvatLabel struct {
	Name       string `xml:"name"`
	Type       string `xml:"type"`
	Attributes string `xml:"attributes"`
}

type cvatItem struct {
	ID     int       `xml:"id,attr"` // from 0
	Name   string    `xml:"name,attr"`
	Width  int       `xml:"width,attr"`
	Height int       `xml:"height,attr"`
	Tags   []cvatTag `xml:"tag"`
}

type cvatTag struct {
	Label  string `xml:"label,attr"`
	Source string `xml:"source,attr"`
}

// WriteCVAT writes the annotations of a task of CVAT, an image an item in their order. A
// prediction is a tag whose source is "auto". Items have the sizes of their images.
func WriteCVAT(w io.Writer, items []Item, classes data.Classes) error {
	out := cvatFile{Version: "1.1", Meta: cvatMeta{Size: len(items), Mode: "annotation"}}
	names, err := namesOf(classes, items)
	if err != nil {
		return err
	}
	for _, name := range names {
		out.Meta.Labels = append(out.Meta.Labels, cvatLabel{Name: name, Type: "tag"})
	}
	for i, it := range items {
		if err := it.measured(); err != nil {
			return err
		}
		image := cvatItem{ID: i, Name: it.file(), Width: it.Width, Height: it.Height}
		if it.Class != "" {
			image.Tags = []cvatTag{{it.Class, bySource}}
		}
		out.Images = append(out.Images, image)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := errors.Join(e.Encode(out), e.Close()); err != nil {
		return err
	}
	_, err = io.WriteString(w, "\n")
	return err
}

// measured refuses an item without the size of its image.
func (it Item) measured() error {
	if it.Width < 1 || it.Height < 1 {
		return fmt.Errorf("sample %s: the size of its image is not known, which this form states", it.ID)
	}
	return nil
}

// namesOf lists the names of all classes, or, where nobody says how many there are, those
// that are predicted.
func namesOf(classes data.Classes, items []Item) (names []string, err error) {
	for i := range max(classes.Count, len(classes.Names)) {
		name, err := classes.Name(i)
		if err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	known := map[string]bool{"": true}
	for _, it := range items {
		if len(classes.Names) == 0 && classes.Count == 0 && !known[it.Class] {
			known[it.Class] = true
			names = append(names, it.Class)
		}
	}
	return names, nil
}
