package data

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

// resize writes the window of src, resized to p.rows×p.columns, to dst.
func resize(src raster, p placement, cubic bool, dst []uint8, s *scratch) {
	if src.h == p.rows && src.w == p.columns {
		cut(src, p, dst)
		return
	}
	rows := src // of which the needed ones are resized along the rows first
	top := 0
	if src.w != p.columns || p.w != p.columns {
		first, end := p.top, p.top+p.h
		if src.h != p.rows {
			s.down.settle(src.h, p.rows, p.top, p.top+p.h, cubic)
			first, end = s.down.span()
		}
		rows = raster{src.c, end - first, p.w, grow(&s.narrow, src.c*(end-first)*p.w)}
		top = first
		resizeRows(src, first, end, p, cubic, rows.pix, s)
	}
	for c := range src.c {
		out := dst[c*p.h*p.w:][:p.h*p.w]
		if src.h == p.rows {
			copy(out, rows.plane(c)[(p.top-top)*p.w:])
			continue
		}
		s.down.settle(src.h, p.rows, p.top, p.top+p.h, cubic)
		blend(rows.plane(c), top, p.w, &s.down, out)
	}
}

// cut copies the window alone.
func cut(src raster, p placement, dst []uint8) {
	for c := range src.c {
		plane := src.plane(c)
		for y := range p.h {
			copy(dst[(c*p.h+y)*p.w:][:p.w], plane[(p.top+y)*src.w+p.left:])
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

// resizeRows resizes the rows first ≤ y < end of src along themselves. It takes
// a strip of rows at a time, turns it so that its columns are rows, blends those,
// which takes eight values at a step, and turns the result back.
func resizeRows(src raster, first, end int, p placement, cubic bool, dst []uint8, s *scratch) {
	s.across.settle(src.w, p.columns, p.left, p.left+p.w, cubic)
	height := max(8, min(stripBytes/(src.w*src.c), end-first+7)&^7)
	across := height * src.c
	buffer := grow(&s.strip, across*(src.w+p.w))
	turnedIn, turnedOut := buffer[:across*src.w], buffer[across*src.w:]
	for y := first; y < end; y += height {
		n := min(height, end-y)
		for c := range src.c {
			transpose(src.plane(c)[y*src.w:], src.w, n, src.w, turnedIn[c*height:], across)
		}
		blend(turnedIn, 0, across, &s.across, turnedOut)
		for c := range src.c {
			transpose(turnedOut[c*height:], across, p.w, n, dst[(c*(end-first)+y-first)*p.w:], p.w)
		}
	}
}
