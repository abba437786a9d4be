package data

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"io"

	_ "image/gif"  // registers the format with image.Decode
	_ "image/jpeg" // registers the format with image.Decode
	_ "image/png"  // registers the format with image.Decode

	_ "golang.org/x/image/bmp"  // registers the format with image.Decode
	_ "golang.org/x/image/webp" // registers the format with image.Decode

	"github.com/prunefuse/prunefuse/internal/guard"
)

// maxPixels bounds what a small file may unpack to.
const maxPixels = 1 << 27

// maxSide bounds the size that samples are resized to.
const maxSide = 1 << 14

// decoded is an image as the decoders of the standard library give it.
type decoded struct {
	img    image.Image
	studio bool // its YCbCr has the reduced range of video
}

// decodeImage decodes content after its header has been found acceptable.
func decodeImage(content []byte) (decoded, error) {
	if len(content) == 0 {
		return decoded{}, errEmpty
	}
	header, err := imageHeader(content)
	if err != nil {
		return decoded{}, err
	}
	var img image.Image
	var format string
	err = guard.Against("image", func() (err error) {
		img, format, err = image.Decode(newEncoded(content))
		return err
	})
	if err != nil {
		return decoded{}, truncated(err)
	}
	if b := img.Bounds(); b.Dx() <= 0 || b.Dy() <= 0 {
		return decoded{}, fmt.Errorf("the %s image is empty", format)
	}
	if screen := image.Rect(0, 0, header.Width, header.Height); img.Bounds() != screen {
		// The first frame of a GIF may cover only a part of its screen.
		full := image.NewNRGBA(screen)
		draw.Draw(full, img.Bounds(), img, img.Bounds().Min, draw.Src)
		return decoded{img: full}, nil
	}
	return decoded{img, format == "webp"}, nil
}

// encoded reads an image from memory. That it can peek keeps the image package
// from buffering it.
type encoded struct {
	bytes.Reader
	content []byte
}

func newEncoded(content []byte) *encoded {
	e := &encoded{content: content}
	e.Reset(content)
	return e
}

// Peek returns the next n bytes, or fewer and io.EOF.
func (e *encoded) Peek(n int) ([]byte, error) {
	rest := e.content[len(e.content)-e.Len():]
	if n > len(rest) {
		return rest, io.EOF
	}
	return rest[:n], nil
}

// imageHeader reads size and colour model and refuses sizes out of bounds.
func imageHeader(content []byte) (image.Config, error) {
	cfg, _, err := image.DecodeConfig(newEncoded(content))
	if err != nil {
		return cfg, truncated(err)
	}
	if cfg.Width <= 0 || cfg.Height <= 0 || cfg.Width > maxPixels/cfg.Height {
		return cfg, fmt.Errorf("an image of %d×%d pixels", cfg.Width, cfg.Height)
	}
	return cfg, nil
}

// isGrey reports whether images of this colour model have one channel.
func isGrey(m color.Model) bool { return m == color.GrayModel || m == color.Gray16Model }
