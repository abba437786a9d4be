package data

import (
	"bytes"
	"image"
	"image/color"
	"image/png"

	"github.com/prunefuse/prunefuse/internal/pixel"
)

// Picture returns sample i as an image file: as it is kept, see [Encoded], or as [PNG]
// writes it.
func Picture(s Set, i int) ([]byte, error) {
	content, err := Encoded(s, i)
	if err == nil && content == nil {
		return PNG(s, i)
	}
	return content, err
}

// PNG returns sample i as a PNG file, its values from 0 to 1 as the levels of grey, or of
// red, green and blue. Values of a sample that is no image lie in one row.
func PNG(s Set, i int) ([]byte, error) {
	c, h, w, ok := s.Shape().Image()
	if !ok {
		c, h, w = 1, 1, s.Shape().Size()
	}
	x := make([]float32, c*h*w)
	if err := s.Read(i, x); err != nil {
		return nil, err
	}
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	plane := h * w
	at := func(k, p int) uint8 {
		return uint8(min(max(x[min(k, c-1)*plane+p], 0), 1)*255 + 0.5)
	}
	for p := range plane {
		img.SetNRGBA(p%w, p/w, color.NRGBA{R: at(0, p), G: at(1, p), B: at(2, p), A: 255})
	}
	var b bytes.Buffer
	err := png.Encode(&b, img)
	return b.Bytes(), err
}

// PictureSize returns the size in pixels of an image file, once it is upright.
func PictureSize(content []byte) (height, width int, err error) {
	o, err := pixel.Look(content)
	return o.H, o.W, err
}
