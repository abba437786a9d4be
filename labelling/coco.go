package labelling

import (
	"encoding/json"
	"fmt"
	"slices"
)

// coco is a file in the form of COCO, as CVAT and others export it.
type coco struct {
	Images []struct {
		ID   int64  `json:"id"`
		Name string `json:"file_name"`
	} `json:"images"`
	Annotations []struct {
		Image    int64     `json:"image_id"`
		Category int64     `json:"category_id"`
		Box      []float64 `json:"bbox"`
	} `json:"annotations"`
	Categories []struct {
		ID   int64  `json:"id"`
		Name string `json:"name"`
	} `json:"categories"`
}

// readCOCO takes an object for a file of COCO; ok is false where it is none.
func (a *answers) readCOCO(raw json.RawMessage) (ok bool, err error) {
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(raw, &keys); err != nil {
		return false, nil //nolint:nilerr // whoever reads it as lines says what is wrong
	}
	for _, key := range []string{"images", "annotations", "categories"} {
		if _, there := keys[key]; !there {
			return false, nil
		}
	}
	var c coco
	if err := json.Unmarshal(raw, &c); err != nil {
		return true, fmt.Errorf("read COCO: %w", err)
	}
	a.images(c)
	return true, nil
}

// images takes the categories of each image for its classes: an image has one class
// where all of its annotations are of one category.
func (a *answers) images(c coco) {
	names, known := map[int64]string{}, map[int64]bool{}
	for _, category := range c.Categories {
		names[category.ID] = category.Name
	}
	for _, image := range c.Images {
		known[image.ID] = true
	}
	classes, boxes := map[int64][]string{}, 0
	for n, got := range c.Annotations {
		name, named := names[got.Category]
		switch {
		case !known[got.Image]:
			a.problems.add("annotation %d is of image %d, which is not there", n+1, got.Image)
		case !named:
			a.problems.add("annotation %d is of category %d, which is not there", n+1, got.Category)
		case !slices.Contains(classes[got.Image], name):
			classes[got.Image] = append(classes[got.Image], name)
		}
		if len(got.Box) > 0 {
			boxes++
		}
	}
	for n, image := range c.Images {
		if image.Name == "" {
			a.problems.add("image %d has no file_name", n+1)
			continue
		}
		a.add(Annotation{Sample: image.Name, Row: n + 1}, classes[image.ID]...)
	}
	if boxes > 0 {
		a.notes = append(a.notes, fmt.Sprintf("%sthe class of an image is taken from its boxes, of which there are %d", a.prefix(a.file), boxes))
	}
}
