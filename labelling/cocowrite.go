package labelling

import (
	"encoding/json"
	"io"

	"github.com/prunefuse/prunefuse/data"
)

// cocoFile is a file in the form of COCO. Its lists are there where they are empty.
type cocoFile struct {
	Info        struct{}       `json:"info"`
	Licenses    []struct{}     `json:"licenses"`
	Images      []cocoImage    `json:"images"`
	Annotations []struct{}     `json:"annotations"`
	Categories  []cocoCategory `json:"categories"`
}

type cocoImage struct {
	ID     int    `json:"id"` // from 1
	Width  int    `json:"width"`
	Height int    `json:"height"`
	Name   string `json:"file_name"`
}

type cocoCategory struct {
	ID    int    `json:"id"` // from 1
	Name  string `json:"name"`
	Above string `json:"supercategory"`
}

// WriteCOCO writes a file in the form of COCO, an image an item in their order, without
// annotations: COCO has no way to tell those of a network from those of people. Items
// have the sizes of their images.
func WriteCOCO(w io.Writer, items []Item, classes data.Classes) error {
	out := cocoFile{Licenses: []struct{}{}, Images: []cocoImage{}, Annotations: []struct{}{}, Categories: []cocoCategory{}}
	names, err := namesOf(classes, Blind(items))
	if err != nil {
		return err
	}
	for i, name := range names {
		out.Categories = append(out.Categories, cocoCategory{ID: i + 1, Name: name})
	}
	for i, it := range items {
		if err := it.measured(); err != nil {
			return err
		}
		out.Images = append(out.Images, cocoImage{ID: i + 1, Width: it.Width, Height: it.Height, Name: it.file()})
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	return e.Encode(out)
}
