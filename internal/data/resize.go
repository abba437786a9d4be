package data

import "encoding/binary"

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

// lanes has a bit for each of the two values that a 64-bit number holds here.
const lanes = 1<<32 | 1

// blend makes rows of weighted sums of the rows of src, of which the first is
// row top. Rows are width long.
//
// A 64-bit number holds the sums of two columns, of 32 bits each, and one
// multiplication adds to both. Sums of bilinear weights stay in 0…255 (and the
// fraction). Others may leave it on both sides, so 256 is added to keep the lanes
// apart, and taken off at the end.
func blend(src []uint8, top, width int, k *weights, dst []uint8) {
	start := uint64(lanes << (fraction - 1))
	if k.bicubic {
		start += lanes << (fraction + 8)
	}
	from := 0
	for o, first := range k.first {
		values := k.values[from:k.ends[o]]
		from = int(k.ends[o])
		rows, out := src[(int(first)-top)*width:], dst[o*width:][:width]
		x := 0
		for ; x+8 <= width; x += 8 {
			a, b, c, d := start, start, start, start
			at := x
			for _, w := range values {
				v := binary.LittleEndian.Uint64(rows[at:])
				a += w * (v & (255 * lanes))
				b += w * (v >> 8 & (255 * lanes))
				c += w * (v >> 16 & (255 * lanes))
				d += w * (v >> 24 & (255 * lanes))
				at += width
			}
			if k.bicubic {
				a, b, c, d = clipped(a), clipped(b), clipped(c), clipped(d)
			} else {
				a, b, c, d = a>>fraction&(255*lanes), b>>fraction&(255*lanes), c>>fraction&(255*lanes), d>>fraction&(255*lanes)
			}
			binary.LittleEndian.PutUint64(out[x:], a|b<<8|c<<16|d<<24)
		}
		for ; x < width; x++ {
			sum := start & (1<<32 - 1)
			at := x
			for _, w := range values {
				sum += w * uint64(rows[at])
				at += width
			}
			if k.bicubic {
				sum = clipped(sum & (1<<32 - 1))
			} else {
				sum >>= fraction
			}
			out[x] = uint8(sum)
		}
	}
}

// clipped takes the added 256 and the fraction off two sums and limits them to
// 8 bits.
func clipped(sums uint64) uint64 {
	low, high := int(sums>>fraction&1023)-256, int(sums>>(fraction+32))-256
	return uint64(min(max(low, 0), 255)) | uint64(min(max(high, 0), 255))<<32
}

// transpose writes the h×w values of src, whose rows are stride apart, as w rows
// of h to dst, whose rows are dstStride apart.
func transpose(src []uint8, stride, h, w int, dst []uint8, dstStride int) {
	if h < 8 || w < 8 {
		for y := range h {
			for x, v := range src[y*stride:][:w] {
				dst[x*dstStride+y] = v
			}
		}
		return
	}
	// The last blocks overlap those before them where eight does not divide.
	for y := 0; y < h; y += 8 {
		y := min(y, h-8)
		for x := 0; x < w; x += 8 {
			x := min(x, w-8)
			transposeBlock(src[y*stride+x:], stride, dst[x*dstStride+y:], dstStride)
		}
	}
}

// transposeBlock is transpose for 8×8 values: of 4×4 blocks, then of 2×2 ones in
// them, then of values in those.
func transposeBlock(src []uint8, stride int, dst []uint8, dstStride int) {
	le := binary.LittleEndian
	a, b := le.Uint64(src), le.Uint64(src[stride:])
	c, d := le.Uint64(src[2*stride:]), le.Uint64(src[3*stride:])
	e, f := le.Uint64(src[4*stride:]), le.Uint64(src[5*stride:])
	g, h := le.Uint64(src[6*stride:]), le.Uint64(src[7*stride:])
	const halves, quarters, eighths = 0x00000000ffffffff, 0x0000ffff0000ffff, 0x00ff00ff00ff00ff
	a, e = exchange(a, e, 32, halves)
	b, f = exchange(b, f, 32, halves)
	c, g = exchange(c, g, 32, halves)
	d, h = exchange(d, h, 32, halves)
	a, c = exchange(a, c, 16, quarters)
	b, d = exchange(b, d, 16, quarters)
	e, g = exchange(e, g, 16, quarters)
	f, h = exchange(f, h, 16, quarters)
	a, b = exchange(a, b, 8, eighths)
	c, d = exchange(c, d, 8, eighths)
	e, f = exchange(e, f, 8, eighths)
	g, h = exchange(g, h, 8, eighths)
	le.PutUint64(dst, a)
	le.PutUint64(dst[dstStride:], b)
	le.PutUint64(dst[2*dstStride:], c)
	le.PutUint64(dst[3*dstStride:], d)
	le.PutUint64(dst[4*dstStride:], e)
	le.PutUint64(dst[5*dstStride:], f)
	le.PutUint64(dst[6*dstStride:], g)
	le.PutUint64(dst[7*dstStride:], h)
}

// exchange swaps the upper parts of low with the lower parts of high.
func exchange(low, high uint64, shift uint, mask uint64) (uint64, uint64) {
	t := (low>>shift ^ high) & mask
	return low ^ t<<shift, high ^ t
}
