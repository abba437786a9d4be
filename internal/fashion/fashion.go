package fashion

import (
	"bytes"
	_ "embed" // for the images
	"fmt"
	"image"
	"image/png"
	"strings"
	"sync"
)

// Side is the height and width of an image in pixels.
const Side = 28

// Classes are the names of the labels 0 to 9.
var Classes = []string{
	"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
	"Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
}

// Images are pictures with what is known of them. They are shared: nobody
// changes them.
type Images struct {
	Pixels  []uint8 // Side×Side bytes per image, row by row, 255 is white
	Labels  []uint8 // an index of Classes per image
	Indices []int   // the positions of the images in the full set, ascending
}

var (
	//go:embed train.png
	trainPNG []byte
	//go:embed train.csv
	trainCSV string
	//go:embed test.png
	testPNG []byte
	//go:embed test.csv
	testCSV string
)

// Train returns the 6,000 training images. The first call decodes them.
var Train = sync.OnceValues(func() (*Images, error) { return decode(trainPNG, trainCSV) })

// Test returns the 1,000 test images. The first call decodes them.
var Test = sync.OnceValues(func() (*Images, error) { return decode(testPNG, testCSV) })

func decode(strip []byte, lines string) (*Images, error) {
	img, err := png.Decode(bytes.NewReader(strip))
	if err != nil {
		return nil, fmt.Errorf("decode the embedded images: %w", err)
	}
	grey, ok := img.(*image.Gray)
	if !ok || grey.Stride != Side {
		return nil, fmt.Errorf("decode the embedded images: a %T of %v", img, img.Bounds())
	}
	images := &Images{Pixels: grey.Pix}
	for line := range strings.Lines(lines) {
		var index int
		var label uint8
		if _, err := fmt.Sscanf(line, "%d,%d\n", &index, &label); err != nil {
			return nil, fmt.Errorf("read the embedded label %q: %w", line, err)
		}
		images.Indices = append(images.Indices, index)
		images.Labels = append(images.Labels, label)
	}
	if len(images.Pixels) != len(images.Labels)*Side*Side {
		return nil, fmt.Errorf("%d embedded labels for %d rows of pixels", len(images.Labels), grey.Rect.Dy())
	}
	return images, nil
}
