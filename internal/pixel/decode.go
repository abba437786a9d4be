package pixel

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"io"

	_ "image/gif"  // registers the format with image.Decode
	_ "image/jpeg" // registers the format with image.Decode
	_ "image/png"  // registers the format with image.Decode

	_ "github.com/spakin/netpbm" // registers the formats with image.Decode
	"github.com/spakin/netpbm/npcolor"
	_ "golang.org/x/image/bmp"  // registers the format with image.Decode
	_ "golang.org/x/image/tiff" // registers the format with image.Decode
	_ "golang.org/x/image/webp" // registers the format with image.Decode

	"github.com/prunefuse/prunefuse/internal/guard"
)

// maxPixels bounds what a small file may unpack to.
const maxPixels = 1 << 27

// maxSide bounds the size that samples are resized to.
const maxSide = 1 << 14

// decoded is an image as the decoders give it.
type decoded struct {
	img    image.Image // its bounds are the part of the file's image that it is
	studio bool        // its YCbCr has the reduced range of video
}

// header reads the size of an encoded image and refuses one out of bounds.
func (s *Scratch) header(content []byte) (height, width int, err error) {
	if len(content) == 0 {
		return 0, 0, errors.New("the file is empty")
	}
	width, height, err = s.jpeg.Header(content)
	if s.plain = err == nil; s.plain {
		return height, width, checkPixels(height, width)
	}
	config, err := imageHeader(content)
	return config.Height, config.Width, err
}

// decode decodes the content that header has been called on last: of an image
// of that size at least the part that is needed.
func (s *Scratch) decode(content []byte, height, width int, needed image.Rectangle) (decoded, error) {
	screen := image.Rect(0, 0, width, height)
	if s.plain {
		if img, err := s.jpeg.Decode(padded(needed)); err == nil {
			return decoded{img: img}, nil
		}
	}
	var img image.Image
	var format string
	still, _, at, animated := stillWebP(content)
	index := 0
	if !animated {
		still, index = opaqueGIF(content)
	}
	err := guard.Against("image", func() (err error) {
		img, format, err = image.Decode(newEncoded(still))
		return err
	})
	if err != nil {
		return decoded{}, unreadable(content, err)
	}
	if animated && at != screen {
		return s.onScreen(decoded{img, format == "webp"}, at.Min, screen, [3]uint8{}), nil
	}
	if b := img.Bounds(); b.Dx() <= 0 || b.Dy() <= 0 {
		return decoded{}, fmt.Errorf("the %s image is empty", format)
	}
	if img.Bounds() != screen {
		// The first frame of a GIF may cover only a part of its screen.
		return s.onScreen(decoded{img: img}, img.Bounds().Min, screen, fill(img, index)), nil
	}
	return decoded{img, format == "webp"}, nil
}

// onScreen puts an image at a place of a larger one, which has one colour elsewhere.
func (s *Scratch) onScreen(d decoded, at image.Point, screen image.Rectangle, fill [3]uint8) decoded {
	full := image.NewNRGBA(screen)
	for p := 0; p < len(full.Pix); p += 4 {
		copy(full.Pix[p:], fill[:])
	}
	b := d.img.Bounds()
	w := b.Dx()
	convert := rowConverter(d, s)
	row := make([]uint8, 3*w)
	for y := range b.Dy() {
		convert(y, row[:w], row[w:2*w], row[2*w:])
		out := full.Pix[full.PixOffset(at.X, at.Y+y):]
		for x := range w {
			out[4*x], out[4*x+1], out[4*x+2], out[4*x+3] = row[x], row[w+x], row[2*w+x], 255
		}
	}
	return decoded{img: full}
}

// padded makes a part of an image large enough for its chroma to be what the
// whole image's is: with what is taken from beside a pixel, and in whole steps of
// any subsampling.
func padded(r image.Rectangle) image.Rectangle {
	const step = 4
	return image.Rect((r.Min.X-step)&^(step-1), (r.Min.Y-step)&^(step-1), (r.Max.X+2*step-1)&^(step-1), (r.Max.Y+2*step-1)&^(step-1))
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
	var cfg image.Config
	if still, canvas, at, ok := stillWebP(content); ok {
		size := canvas.Size()
		frame, err := imageHeader(still)
		if err == nil && (!at.In(canvas) || image.Pt(frame.Width, frame.Height) != at.Size()) {
			err = errors.New("a frame of the animation is of another size than it says")
		}
		if err != nil {
			return cfg, err
		}
		return image.Config{ColorModel: color.YCbCrModel, Width: size.X, Height: size.Y}, checkPixels(size.Y, size.X)
	}
	err := guard.Against("image", func() (err error) {
		cfg, _, err = image.DecodeConfig(newEncoded(content))
		return err
	})
	if err != nil {
		return cfg, unreadable(content, err)
	}
	return cfg, checkPixels(cfg.Height, cfg.Width)
}

func checkPixels(height, width int) error {
	if width <= 0 || height <= 0 || width > maxPixels/height {
		return fmt.Errorf("an image of %d×%d pixels", width, height)
	}
	return nil
}

// isGrey reports whether images of this colour model have one channel.
func isGrey(m color.Model) bool {
	switch m.(type) {
	case npcolor.GrayMModel, npcolor.GrayM32Model:
		return true
	}
	return m == color.GrayModel || m == color.Gray16Model
}

// truncated words an end of file that comes too early.
func truncated(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("the file is truncated")
	}
	return err
}
