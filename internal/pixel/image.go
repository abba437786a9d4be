package pixel

import (
	"fmt"
	"image"
)

// Outline is what the header of an encoded image tells.
type Outline struct {
	H, W int // once it is upright
	Grey bool
}

// Look reads the header of an encoded image. The content may be cut short behind
// it.
func Look(content []byte) (o Outline, err error) {
	config, err := imageHeader(content)
	if err != nil {
		return o, err
	}
	o = Outline{config.Height, config.Width, isGrey(config.ColorModel)}
	if turned(orientation(content)) {
		o.H, o.W = o.W, o.H
	}
	return o, nil
}

// Decode writes an encoded image to dst: upright, resized and cut by a geometry to
// a shape that has one channel or three, these from blue to red where bgr says so.
func (s *Scratch) Decode(content []byte, g Geometry, to Shape, bgr bool, dst []uint8) error {
	height, width, err := s.header(content)
	if err != nil {
		return err
	}
	h, w, turn := height, width, orientation(content)
	if turned(turn) {
		h, w = w, h
	}
	p, err := g.Place(h, w)
	if err != nil {
		return err
	}
	if p.H != to.H || p.W != to.W {
		return fmt.Errorf("it is %d×%d where %d×%d is needed; give a size to resize the images to", p.H, p.W, to.H, to.W)
	}
	needed := image.Rect(0, 0, width, height)
	if turn == upright {
		needed = p.source(h, w, g.Bicubic, s)
	}
	d, err := s.decode(content, height, width, needed)
	if err != nil {
		return err
	}
	// An image that needs no further step is written where it goes.
	direct := turn == upright && p == Placement{Rows: h, Columns: w, H: h, W: w} && to.C != 1
	pix := dst
	if !direct {
		pix = Grow(&s.pixels, 3*h*w)
	}
	r := unpack(d, to.C == 1, pix, s)
	if turn != upright {
		r = orient(r, turn, Grow(&s.upright, r.size()))
	}
	if !direct {
		resize(r, h, w, p, g.Bicubic, dst, s)
	}
	finishColours(dst, r.c, to, bgr)
	return nil
}

// finishColours makes c planes that were written the planes of a shape.
func finishColours[T any](dst []T, c int, shape Shape, bgr bool) {
	plane := shape.H * shape.W
	if c < shape.C {
		copy(dst[plane:], dst[:plane])
		copy(dst[2*plane:], dst[:plane])
	} else if bgr && c == 3 {
		red, blue := dst[:plane], dst[2*plane:]
		for i, v := range red {
			red[i], blue[i] = blue[i], v
		}
	}
}
