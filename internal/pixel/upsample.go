package pixel

import "image"

// upsampler gives each pixel of a row its chroma, by libjpeg's "fancy
// upsampling" (jdsample.c): three quarters of the nearest value and one quarter
// of the next nearest, in each direction that is subsampled by two. Other factors
// repeat, as do rows too short to have neighbours.
type upsampler struct {
	src     *image.YCbCr
	cw, ch  int      // the columns and rows of chroma that the image covers
	cx, cy  int      // pixels to a chroma value, across and down
	columns []uint32 // what a row of chroma comes to before it is widened
	pixels  []uint32
}

// newUpsampler takes its buffers from s.
func newUpsampler(src *image.YCbCr, s *Scratch) *upsampler {
	u := &upsampler{src: src, cx: 1, cy: 1}
	switch src.SubsampleRatio {
	case image.YCbCrSubsampleRatio422:
		u.cx = 2
	case image.YCbCrSubsampleRatio420:
		u.cx, u.cy = 2, 2
	case image.YCbCrSubsampleRatio440:
		u.cy = 2
	case image.YCbCrSubsampleRatio411:
		u.cx = 4
	case image.YCbCrSubsampleRatio410:
		u.cx, u.cy = 4, 2
	}
	w, h := src.Rect.Dx(), src.Rect.Dy()
	u.cw, u.ch = (w+u.cx-1)/u.cx, (h+u.cy-1)/u.cy
	buffer := Grow(&s.chroma, u.cw+w)
	u.columns, u.pixels = buffer[:u.cw], buffer[u.cw:]
	return u
}

// both is a number for each of the two values of a pair.
func both(n uint32) uint32 { return n | n<<16 }

// row returns the chroma of a row of pixels; it holds until the next call.
func (u *upsampler) row(y int) []uint32 {
	cb, cr := u.chromaRow(y / u.cy)
	repeated := u.cx == 4 || u.cx == 2 && u.cw <= 2
	if u.cy == 1 || repeated {
		for x, v := range cb {
			u.columns[x] = uint32(v) | uint32(cr[x])<<16
		}
		switch {
		case u.cx == 1:
			return u.columns
		case repeated:
			for x := range u.pixels {
				u.pixels[x] = u.columns[x/u.cx]
			}
		default:
			widen(u.columns, u.pixels, both(1), both(2), 2)
		}
		return u.pixels
	}
	// The row above is next nearest to the upper of two, the row below to the
	// lower.
	cbFar, crFar := u.chromaRow(min(max(y/2-1+y&1*2, 0), u.ch-1))
	cr, cbFar, crFar = cr[:len(cb)], cbFar[:len(cb)], crFar[:len(cb)]
	columns := u.columns[:len(cb)]
	for x, v := range cb {
		columns[x] = 3*(uint32(v)|uint32(cr[x])<<16) + uint32(cbFar[x]) + uint32(crFar[x])<<16
	}
	if u.cx == 1 {
		round := both(uint32(1 + y&1))
		for x, v := range columns {
			u.pixels[x] = (v + round) >> 2 & both(255)
		}
	} else {
		widen(columns, u.pixels, both(8), both(7), 4)
	}
	return u.pixels
}

func (u *upsampler) chromaRow(row int) (cb, cr []uint8) {
	at := u.src.COffset(u.src.Rect.Min.X, u.src.Rect.Min.Y) + row*u.src.CStride
	return u.src.Cb[at:][:u.cw], u.src.Cr[at:][:u.cw]
}

// widen doubles the width of a row of at least three pairs. Sums are rounded by
// one number on the left of a value and another on its right, and shifted.
func widen(in, out []uint32, left, right uint32, shift uint) {
	last := len(in) - 1
	out[0], out[1] = (4*in[0]+left)>>shift&both(255), (3*in[0]+in[1]+right)>>shift&both(255)
	before, v := in[0], in[1]
	to := out[2:]
	for _, after := range in[2:] {
		t := 3 * v
		to[0], to[1] = (t+before+left)>>shift&both(255), (t+after+right)>>shift&both(255)
		before, v = v, after
		to = to[2:]
	}
	out[2*last] = (3*in[last] + in[last-1] + left) >> shift & both(255)
	if 2*last+1 < len(out) {
		out[2*last+1] = (4*in[last] + right) >> shift & both(255)
	}
}
