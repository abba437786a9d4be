package labelling

import (
	"cmp"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// cvatImage is an image of CVAT's XML for images. Its tags are classes of the image; one
// that a network set is a prediction.
type cvatImage struct {
	Name   string    `xml:"name,attr"`
	Tags   []cvatTag `xml:"tag"`
	Shapes []struct {
		XMLName xml.Name
	} `xml:",any"`
}

// readCVAT reads "CVAT for images 1.1".
func (a *answers) readCVAT(in io.Reader) error {
	d := xml.NewDecoder(in)
	images, guessed, by := 0, 0, ""
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("read XML: %w", err)
		}
		start, ok := token.(xml.StartElement)
		if ok && start.Name.Local == "meta" {
			if by, err = assignee(d, start); err != nil {
				return err
			}
			continue
		}
		if !ok || start.Name.Local != "image" {
			continue
		}
		images++
		var image cvatImage
		if err := d.DecodeElement(&image, &start); err != nil {
			return fmt.Errorf("image %d: %w", images, err)
		}
		if a.image(images, by, image) {
			guessed++
		}
	}
	if guessed > 0 {
		a.notes = append(a.notes, fmt.Sprintf("%stags that a network set (source %q) are no answers; %d images have no other: where one is right, a person sets it anew", a.prefix(a.file), bySource, guessed))
	}
	if images == 0 {
		return errors.New("it has no element \"image\": want the XML that CVAT exports as \"CVAT for images\"")
	}
	return nil
}

// assignee is who labelled, as the meta data of a task or a job say, "" where they do not.
func assignee(d *xml.Decoder, start xml.StartElement) (string, error) {
	var meta struct {
		Task string `xml:"task>assignee>username"`
		Job  string `xml:"job>assignee>username"`
	}
	if err := d.DecodeElement(&meta, &start); err != nil {
		return "", fmt.Errorf("meta: %w", err)
	}
	return strings.TrimSpace(cmp.Or(meta.Job, meta.Task)), nil
}

// image takes the tags of an image, and reports whether they are predictions alone.
func (a *answers) image(n int, by string, image cvatImage) (guessed bool) {
	if image.Name == "" {
		a.problems.add("image %d has no name", n)
		return false
	}
	var classes []string
	for _, t := range image.Tags {
		if t.Source != bySource {
			classes = append(classes, t.Label)
		}
	}
	if len(image.Tags) == 0 && len(image.Shapes) > 0 {
		a.problems.add("%s has a %s and no tag: the class of an image is a tag", image.Name, strings.ToLower(image.Shapes[0].XMLName.Local))
		return false
	}
	a.add(Annotation{Sample: image.Name, Annotator: by, Row: n}, classes...)
	return classes == nil && len(image.Tags) > 0
}
