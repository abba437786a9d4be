package labelling

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// cvatImage is an image of CVAT's XML for images. Its tags are classes of the image.
type cvatImage struct {
	Name string `xml:"name,attr"`
	Tags []struct {
		Label string `xml:"label,attr"`
	} `xml:"tag"`
	Shapes []struct {
		XMLName xml.Name
	} `xml:",any"`
}

// readCVAT reads "CVAT for images 1.1".
func (a *answers) readCVAT(in io.Reader) error {
	d := xml.NewDecoder(in)
	images := 0
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("read XML: %w", err)
		}
		start, ok := token.(xml.StartElement)
		if !ok || start.Name.Local != "image" {
			continue
		}
		images++
		var image cvatImage
		if err := d.DecodeElement(&image, &start); err != nil {
			return fmt.Errorf("image %d: %w", images, err)
		}
		a.image(images, image)
	}
	if images == 0 {
		return errors.New("it has no element \"image\": want the XML that CVAT exports as \"CVAT for images\"")
	}
	return nil
}

func (a *answers) image(n int, image cvatImage) {
	if image.Name == "" {
		a.problems.add("image %d has no name", n)
		return
	}
	var classes []string
	for _, t := range image.Tags {
		classes = append(classes, t.Label)
	}
	if classes == nil && len(image.Shapes) > 0 {
		a.problems.add("%s has a %s and no tag: the class of an image is a tag", image.Name, strings.ToLower(image.Shapes[0].XMLName.Local))
		return
	}
	a.add(Annotation{Sample: image.Name, Row: n}, classes...)
}
