package data

import (
	"context"
	"errors"
	"fmt"

	"github.com/prunefuse/prunefuse/internal/pixel"
)

// imageSource is a list of encoded images with IDs and labels, whichever way
// they are kept. Its methods are safe for concurrent use.
type imageSource interface {
	Len() int
	ID(i int) string
	Label(i int) int
	Classes() []string

	// load returns image i as it is encoded, or about the first limit bytes of
	// it, in buf where that is long enough. What it returns is the caller's. An
	// error says what is wrong without naming the image.
	load(i, limit int, buf []byte) ([]byte, error)

	// Close releases what the source holds open.
	Close() error
}

// imageSet is the set of the images of a source, decoded when they are read.
type imageSet struct {
	imageSource
	geometry pixel.Geometry
	planes   pixel.Shape
	shape    Shape // the same
	bgr      bool  // blue comes first
}

// maxEncoded bounds the file of an image.
const maxEncoded = 1 << 29

var (
	errEmpty    = errors.New("the file is empty")
	errTooLarge = fmt.Errorf("it is larger than %d MiB", maxEncoded>>20)
)

// newImageSet settles the parts of the shape that the options leave open by
// reading the headers of all images, if there are such parts. Images whose
// header cannot be read are left to fail when they are read.
func newImageSet(source imageSource, opts Options) (*imageSet, error) {
	if source.Len() == 0 {
		return nil, errors.New("it holds no images")
	}
	s := &imageSet{imageSource: source, geometry: opts.geometry(), bgr: opts.Color == "bgr"}
	size, known := s.geometry.Output()
	s.planes = pixel.Shape{C: opts.channels(), H: size[0], W: size[1]}
	if err := s.complete(opts, known); err != nil {
		return nil, err
	}
	s.shape = shapeOf(s.planes)
	return s, nil
}

// complete determines what is still open of the shape.
func (s *imageSet) complete(opts Options, sizeKnown bool) error {
	if sizeKnown && s.planes.C != 0 {
		return nil
	}
	if _, h, w, ok := opts.Expect.Image(); ok && !opts.survey && h > 0 && w > 0 && s.planes.C != 0 {
		s.planes.H, s.planes.W = h, w
		return s.probe()
	}
	return s.survey(sizeKnown)
}

// outline is what can be told of an image without decoding it.
type outline struct {
	place pixel.Placement
	grey  bool
	err   error
}

// headBytes is how much of an image is read for its header. It is found in what
// precedes the pixels, with a preview where a camera puts one there.
const headBytes = 1 << 17

// outline reads that of image i.
func (s *imageSet) outline(i int) (h outline) {
	h.err = pixel.WithScratch(func(mem *pixel.Scratch) error {
		content, err := s.load(i, headBytes, mem.Content)
		if err != nil {
			return err
		}
		look, err := pixel.Look(content)
		if err != nil && len(content) >= headBytes {
			if content, err = s.load(i, maxEncoded, mem.Content); err != nil {
				return err
			}
			look, err = pixel.Look(content)
		}
		mem.Content = content[:0]
		if err != nil {
			return err
		}
		h.grey = look.Grey
		h.place, err = s.geometry.Place(look.H, look.W)
		return err
	})
	return h
}

// probes is how many images are looked at before a set is opened whose samples
// are told one by one if they do not fit.
const probes = 8

// probe refuses a set of which none of the first images has the shape.
func (s *imageSet) probe() error {
	var other *pixel.Placement
	for i := range min(probes, s.Len()) {
		switch h := s.outline(i); {
		case h.err != nil:
		case h.place.H == s.planes.H && h.place.W == s.planes.W:
			return nil
		case other == nil:
			other = &h.place
		}
	}
	if other == nil {
		return nil
	}
	return fmt.Errorf("the images are %d×%d but the model takes %d×%d; give a size to resize them to",
		other.H, other.W, s.planes.H, s.planes.W)
}

// survey reads all headers.
func (s *imageSet) survey(sizeKnown bool) error {
	outlines := make([]outline, s.Len())
	err := parallel(context.Background(), s.Len(), 0, func(i int) { outlines[i] = s.outline(i) })
	if err != nil {
		return err
	}
	first, grey := -1, true
	for i, h := range outlines {
		if h.err != nil {
			continue
		}
		grey = grey && h.grey
		if first < 0 {
			first = i
		}
		if f := outlines[first].place; !sizeKnown && (h.place.H != f.H || h.place.W != f.W) {
			return fmt.Errorf("images differ in size (%s is %d×%d, %s is %d×%d); give a size to resize them to",
				s.ID(first), f.H, f.W, s.ID(i), h.place.H, h.place.W)
		}
	}
	if first < 0 {
		return fmt.Errorf("none of its %d images can be read (%s: %w)", s.Len(), s.ID(0), outlines[0].err)
	}
	if !sizeKnown {
		s.planes.H, s.planes.W = outlines[first].place.H, outlines[first].place.W
	}
	if s.planes.C == 0 {
		s.planes.C = 3
		if grey {
			s.planes.C = 1
		}
	}
	return nil
}

func (s *imageSet) Shape() Shape { return s.shape }

func (s *imageSet) Read(i int, dst []float32) error {
	return readUnit(s, i, dst)
}

func (s *imageSet) readPixels(i int, dst []uint8) error {
	err := pixel.WithScratch(func(mem *pixel.Scratch) error {
		content, err := s.load(i, maxEncoded, mem.Content)
		if err != nil {
			return err
		}
		mem.Content = content[:0]
		return mem.Decode(content, s.geometry, s.planes, s.bgr, dst)
	})
	if err != nil {
		return fmt.Errorf("read image %s: %w", s.ID(i), err)
	}
	return nil
}
