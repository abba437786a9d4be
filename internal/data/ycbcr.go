package data

import "image"

// The conversion of JPEG's and WebP's colours to RGB and the interpolation of
// subsampled chroma, as libjpeg does both (jdcolor.c, jdsample.c with "fancy
// upsampling"), so that a model gets the pixels that it got from PIL.

// chromaTables are the parts of red, green and blue that a chroma value gives.
// Those of green are in 16.16 fixed point, with the half for rounding in one.
type chromaTables struct {
	crToRed, cbToBlue, crToGreen, cbToGreen [256]int32
}

var chroma = func() *chromaTables {
	const half = 1 << 15
	fixed := func(x float64) int32 { return int32(x*(1<<16) + 0.5) }
	t := &chromaTables{}
	for i := range int32(256) {
		v := i - 128
		t.crToRed[i] = (fixed(1.40200)*v + half) >> 16
		t.cbToBlue[i] = (fixed(1.77200)*v + half) >> 16
		t.crToGreen[i] = -fixed(0.71414) * v
		t.cbToGreen[i] = -fixed(0.34414)*v + half
	}
	return t
}()

// clampFrom is the lowest sum that clamp knows.
const clampFrom = -256

// clamp limits a sum of luma and a part of chroma to 8 bits. Its length is a
// power of two, which saves a check.
var clamp = func() (t [1024]uint8) {
	for i := range t {
		t[i] = uint8(min(max(i+clampFrom, 0), 255))
	}
	return t
}()

func clamped(v int32) uint8 { return clamp[uint32(v-clampFrom)%1024] }

// studioRow converts a row of WebP's colours, whose luma runs from 16 to 235, as
// libwebp does.
func studioRow(luma, cb, cr, r, g, b []uint8) {
	n := len(luma)
	cb, cr, r, g, b = cb[:n], cr[:n], r[:n], g[:n], b[:n]
	for x, v := range luma {
		y, u, v := int32(v)*19077>>8, int32(cb[x]), int32(cr[x])
		r[x] = clamped((y + v*26149>>8 - 14234) >> 6)
		g[x] = clamped((y - u*6419>>8 - v*13320>>8 + 8708) >> 6)
		b[x] = clamped((y + u*33050>>8 - 17685) >> 6)
	}
}

// colourRow converts a row with a chroma value for every pixel.
func colourRow(luma, cb, cr, r, g, b []uint8) {
	t, n := chroma, len(luma)
	cb, cr, r, g, b = cb[:n], cr[:n], r[:n], g[:n], b[:n]
	for x, v := range luma {
		y, u, v := int32(v), cb[x], cr[x]
		r[x] = clamped(y + t.crToRed[v])
		g[x] = clamped(y + (t.cbToGreen[u]+t.crToGreen[v])>>16)
		b[x] = clamped(y + t.cbToBlue[u])
	}
}

// upsampler makes chroma rows of the width of the luma.
type upsampler struct {
	src     *image.YCbCr
	w, h    int
	cw, ch  int // the columns and rows of chroma that the image covers
	cx, cy  int // pixels to a chroma value, across and down
	cb, cr  []uint8
	columns []int32
}

// newUpsampler takes its buffers from s.
func newUpsampler(src *image.YCbCr, s *scratch) *upsampler {
	u := &upsampler{src: src, w: src.Rect.Dx(), h: src.Rect.Dy(), cx: 1, cy: 1}
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
	u.cw, u.ch = (u.w+u.cx-1)/u.cx, (u.h+u.cy-1)/u.cy
	rows := grow(&s.rows, 2*u.w)
	u.cb, u.cr = rows[:u.w], rows[u.w:]
	u.columns = grow(&s.columns, u.cw)
	return u
}

// row returns the chroma of a row of pixels; it holds until the next call.
func (u *upsampler) row(y int) (cb, cr []uint8) {
	if u.cx == 1 && u.cy == 1 {
		at := u.src.COffset(u.src.Rect.Min.X, u.src.Rect.Min.Y+y)
		return u.src.Cb[at:][:u.w], u.src.Cr[at:][:u.w]
	}
	u.upsample(u.src.Cb, y, u.cb)
	u.upsample(u.src.Cr, y, u.cr)
	return u.cb, u.cr
}

// upsample takes three quarters of the nearest chroma value and one quarter of
// the next nearest, in each direction that is subsampled by two. Other factors
// repeat, as do rows too short to have neighbours.
func (u *upsampler) upsample(plane []uint8, y int, dst []uint8) {
	near := u.chromaRow(plane, y/u.cy)
	if u.cx == 4 || u.cx == 2 && u.cw <= 2 {
		for x := range dst {
			dst[x] = near[x/u.cx]
		}
		return
	}
	if u.cy == 1 {
		doubleRow(near, dst)
		return
	}
	far := u.chromaRow(plane, min(max(y/2-1+y&1*2, 0), u.ch-1))
	if u.cx == 1 {
		round := 1 + y&1
		for x := range dst {
			dst[x] = uint8((3*int(near[x]) + int(far[x]) + round) >> 2)
		}
		return
	}
	far = far[:len(near)]
	columns := u.columns[:len(near)]
	for x, v := range near {
		columns[x] = 3*int32(v) + int32(far[x])
	}
	doubleColumns(columns, dst)
}

func (u *upsampler) chromaRow(plane []uint8, row int) []uint8 {
	first := u.src.COffset(u.src.Rect.Min.X, u.src.Rect.Min.Y)
	return plane[first+row*u.src.CStride:][:u.cw]
}

// doubleRow doubles the width of a row of at least two values.
func doubleRow(in, out []uint8) {
	last := len(in) - 1
	out[0], out[1] = in[0], uint8((3*int(in[0])+int(in[1])+2)>>2)
	for i := 1; i < last; i++ {
		v := 3 * int(in[i])
		out[2*i] = uint8((v + int(in[i-1]) + 1) >> 2)
		out[2*i+1] = uint8((v + int(in[i+1]) + 2) >> 2)
	}
	out[2*last] = uint8((3*int(in[last]) + int(in[last-1]) + 1) >> 2)
	if 2*last+1 < len(out) {
		out[2*last+1] = in[last]
	}
}

// doubleColumns does the same with sums of four parts.
func doubleColumns(in []int32, out []uint8) {
	last := len(in) - 1
	out[0], out[1] = uint8((4*in[0]+8)>>4), uint8((3*in[0]+in[1]+7)>>4)
	before, v := in[0], in[1]
	pairs := out[2:]
	for _, after := range in[2:] {
		t := 3 * v
		pairs[0], pairs[1] = uint8((t+before+8)>>4), uint8((t+after+7)>>4)
		before, v = v, after
		pairs = pairs[2:]
	}
	out[2*last] = uint8((3*in[last] + in[last-1] + 8) >> 4)
	if 2*last+1 < len(out) {
		out[2*last+1] = uint8((4*in[last] + 7) >> 4)
	}
}
