package data

import (
	"context"
	"errors"
	"fmt"
	"image"
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
	geometry geometry
	shape    Shape
	swap     bool // blue comes first
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
	s := &imageSet{imageSource: source, geometry: opts.geometry(), swap: opts.Color == "bgr"}
	size, known := s.geometry.output()
	s.shape = Shape{opts.channels(), size[0], size[1]}
	if known && s.shape.C != 0 {
		return s, nil
	}
	var err error
	if e := opts.Expect; e.Size() > 0 && s.shape.C != 0 {
		s.shape.H, s.shape.W = e.H, e.W
		err = s.probe()
	} else {
		err = s.survey(known)
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

// outline is what can be told of an image without decoding it.
type outline struct {
	place placement
	grey  bool
	err   error
}

// headBytes is how much of an image is read for its header. It is found in what
// precedes the pixels, with a preview where a camera puts one there.
const headBytes = 1 << 17

// outline reads that of image i.
func (s *imageSet) outline(i int) (h outline) {
	h.err = withScratch(func(mem *scratch) error {
		content, err := s.load(i, headBytes, mem.content)
		if err != nil {
			return err
		}
		config, err := imageHeader(content)
		if err != nil && len(content) >= headBytes {
			if content, err = s.load(i, maxEncoded, mem.content); err != nil {
				return err
			}
			config, err = imageHeader(content)
		}
		mem.content = content[:0]
		if err != nil {
			return err
		}
		h.grey = isGrey(config.ColorModel)
		if turned(orientation(content)) {
			config.Height, config.Width = config.Width, config.Height
		}
		h.place, err = s.geometry.place(config.Height, config.Width)
		return err
	})
	return h
}

// probes is how many images are looked at before a set is opened whose samples
// are told one by one if they do not fit.
const probes = 8

// probe refuses a set of which none of the first images has the shape.
func (s *imageSet) probe() error {
	var other *placement
	for i := range min(probes, s.Len()) {
		switch h := s.outline(i); {
		case h.err != nil:
		case h.place.h == s.shape.H && h.place.w == s.shape.W:
			return nil
		case other == nil:
			other = &h.place
		}
	}
	if other == nil {
		return nil
	}
	return fmt.Errorf("the images are %d×%d but the model takes %d×%d; give a size to resize them to",
		other.h, other.w, s.shape.H, s.shape.W)
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
		if f := outlines[first].place; !sizeKnown && (h.place.h != f.h || h.place.w != f.w) {
			return fmt.Errorf("images differ in size (%s is %d×%d, %s is %d×%d); give a size to resize them to",
				s.ID(first), f.h, f.w, s.ID(i), h.place.h, h.place.w)
		}
	}
	if first < 0 {
		return fmt.Errorf("none of its %d images can be read (%s: %w)", s.Len(), s.ID(0), outlines[0].err)
	}
	if !sizeKnown {
		s.shape.H, s.shape.W = outlines[first].place.h, outlines[first].place.w
	}
	if s.shape.C == 0 {
		s.shape.C = 3
		if grey {
			s.shape.C = 1
		}
	}
	return nil
}

func (s *imageSet) Shape() Shape { return s.shape }

func (s *imageSet) Read(i int, dst []float32) error {
	return readUnit(s, i, dst)
}

func (s *imageSet) readPixels(i int, dst []uint8) error {
	err := withScratch(func(mem *scratch) error {
		content, err := s.load(i, maxEncoded, mem.content)
		if err != nil {
			return err
		}
		mem.content = content[:0]
		return s.decode(content, dst, mem)
	})
	if err != nil {
		return fmt.Errorf("read image %s: %w", s.ID(i), err)
	}
	return nil
}

// decode writes an encoded image to dst as the samples of the set are.
func (s *imageSet) decode(content []byte, dst []uint8, mem *scratch) error {
	height, width, err := mem.header(content)
	if err != nil {
		return err
	}
	h, w, turn := height, width, orientation(content)
	if turned(turn) {
		h, w = w, h
	}
	p, err := s.geometry.place(h, w)
	if err != nil {
		return err
	}
	if p.h != s.shape.H || p.w != s.shape.W {
		return fmt.Errorf("it is %d×%d where %d×%d is needed; give a size to resize the images to", p.h, p.w, s.shape.H, s.shape.W)
	}
	needed := image.Rect(0, 0, width, height)
	if turn == upright {
		needed = p.source(h, w, s.geometry.cubic, mem)
	}
	d, err := mem.decode(content, height, width, needed)
	if err != nil {
		return err
	}
	// What needs no further step is written where it goes.
	direct := turn == upright && p == placement{rows: h, columns: w, h: h, w: w} && s.shape.C != 1
	pix := dst
	if !direct {
		pix = grow(&mem.pixels, 3*h*w)
	}
	r := unpack(d, s.shape.C == 1, pix, mem)
	if turn != upright {
		r = orient(r, turn, grow(&mem.upright, r.size()))
	}
	if !direct {
		resize(r, h, w, p, s.geometry.cubic, dst, mem)
	}
	finishColours(dst, r.c, s.shape, s.swap)
	return nil
}

// finishColours makes what was written as c planes the planes of a shape.
func finishColours[T any](dst []T, c int, shape Shape, swap bool) {
	plane := shape.H * shape.W
	if c < shape.C {
		copy(dst[plane:], dst[:plane])
		copy(dst[2*plane:], dst[:plane])
	} else if swap && c == 3 {
		red, blue := dst[:plane], dst[2*plane:]
		for i, v := range red {
			red[i], blue[i] = blue[i], v
		}
	}
}
