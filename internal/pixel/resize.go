package pixel

import "image"

// Resizing of 8-bit images with exactly the results of PIL's Image.resize: along
// the rows and then along the columns, with weights in fixed point and a
// rounding to 8 bits after each.

// fraction is the number of bits of a weight behind the point.
const fraction = 22

// weights are the taps of positions of one axis in fixed point.
type weights struct {
	in, out, from, to int
	bicubic           bool

	first  []int32  // the first input of each position
	ends   []int32  // where its values end
	values []uint64 // in two's complement
}

// settle computes the weights, unless they are those of the last call: images
// of one size often come one after the other.
func (k *weights) settle(in, out, from, to int, cubic bool) {
	if k.in == in && k.out == out && k.from == from && k.to == to && k.bicubic == cubic {
		return
	}
	k.in, k.out, k.from, k.to, k.bicubic = in, out, from, to, cubic
	f := bilinear
	if cubic {
		f = bicubic
	}
	k.first, k.ends, k.values = k.first[:0], k.ends[:0], k.values[:0]
	for _, t := range f.taps(in, out, from, to) {
		k.first = append(k.first, int32(t.first))
		for _, w := range t.weights {
			half := 0.5
			if w < 0 {
				half = -0.5
			}
			k.values = append(k.values, uint64(int64(w*(1<<fraction)+half)))
		}
		k.ends = append(k.ends, int32(len(k.values)))
	}
}

// source is the part of an h×w image that a Placement takes from.
func (p Placement) source(h, w int, cubic bool, s *Scratch) image.Rectangle {
	r := image.Rect(p.Left, p.Top, p.Left+p.W, p.Top+p.H)
	if w != p.Columns {
		s.across.settle(w, p.Columns, p.Left, p.Left+p.W, cubic)
		r.Min.X, r.Max.X = s.across.span()
	}
	if h != p.Rows {
		s.down.settle(h, p.Rows, p.Top, p.Top+p.H, cubic)
		r.Min.Y, r.Max.Y = s.down.span()
	}
	return r
}

// resize writes the window of an h×w image, resized to p.Rows×p.Columns, to dst.
// Of the image, src has what the window takes from.
func resize(src raster, h, w int, p Placement, cubic bool, dst []uint8, s *Scratch) {
	need := p.source(h, w, cubic, s)
	if w == p.Columns && h == p.Rows {
		cut(src, need, dst)
		return
	}
	rows := raster{c: src.c, h: need.Dy(), w: p.W, pix: dst, top: need.Min.Y}
	if h != p.Rows {
		rows.pix = Grow(&s.narrow, rows.size())
	}
	if w != p.Columns {
		resizeRows(src, need, rows, s)
	} else {
		cut(src, need, rows.pix)
	}
	if h == p.Rows {
		return
	}
	for c := range src.c {
		blend(rows.plane(c), rows.top, p.W, &s.down, dst[c*p.H*p.W:][:p.H*p.W])
	}
}

// cut copies a window alone.
func cut(src raster, window image.Rectangle, dst []uint8) {
	w := window.Dx()
	for c := range src.c {
		plane := src.plane(c)
		for y := range window.Dy() {
			copy(dst[(c*window.Dy()+y)*w:][:w], plane[(window.Min.Y-src.top+y)*src.w+window.Min.X-src.left:])
		}
	}
}

// span is the range of inputs that the positions take from.
func (k *weights) span() (first, end int) {
	n := len(k.first)
	start := 0
	if n > 1 {
		start = int(k.ends[n-2])
	}
	return int(k.first[0]), int(k.first[n-1]) + int(k.ends[n-1]) - start
}

// stripBytes is about how much of an image is turned at a time: what a core has
// near.
const stripBytes = 1 << 17

// resizeRows resizes the needed part of the rows of src along themselves. It takes
// a strip of rows at a time, turns it so that its columns are rows, blends those,
// which takes eight values at a step, and turns the result back.
func resizeRows(src raster, need image.Rectangle, dst raster, s *Scratch) {
	in := need.Dx()
	height := max(8, min(stripBytes/(in*src.c), need.Dy()+7)&^7)
	across := height * src.c
	buffer := Grow(&s.strip, across*(in+dst.w))
	turnedIn, turnedOut := buffer[:across*in], buffer[across*in:]
	for y := 0; y < dst.h; y += height {
		n := min(height, dst.h-y)
		for c := range src.c {
			from := src.plane(c)[(need.Min.Y-src.top+y)*src.w+need.Min.X-src.left:]
			transpose(from, src.w, n, in, turnedIn[c*height:], across)
		}
		blend(turnedIn, need.Min.X, across, &s.across, turnedOut)
		for c := range src.c {
			transpose(turnedOut[c*height:], across, dst.w, n, dst.plane(c)[y*dst.w:], dst.w)
		}
	}
}
