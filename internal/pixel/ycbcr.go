package pixel

// The conversion of JPEG's colours to RGB as in libjpeg (jdcolor.c), and of
// WebP's as in libwebp, so that a model gets the pixels that it got from PIL.
// Chroma comes as pairs: a pixel's Cb in the lowest bits of a number, its Cr from
// bit 16 on.

// sums has the parts of red, green and blue, each from its own bit on, that a
// value of luma or chroma gives, so that one addition makes all three. Green has
// its fraction, of 16 bits, below. 256 is added to each, which clamp takes off.
const (
	greenBits = 16
	redBits   = 32
	blueBits  = 48
	lumaStep  = 1<<greenBits | 1<<redBits | 1<<blueBits
)

type chromaSums struct{ cb, cr [256]uint64 }

var sums = func() *chromaSums {
	const half = 1 << 15
	fixed := func(x float64) int64 { return int64(x*(1<<16) + 0.5) }
	s := &chromaSums{}
	for i := range int64(256) {
		v := i - 128
		red := 256 + (fixed(1.40200)*v+half)>>16
		blue := 256 + (fixed(1.77200)*v+half)>>16
		s.cr[i] = uint64(red<<redBits + 256<<greenBits - fixed(0.71414)*v)
		s.cb[i] = uint64(blue<<blueBits + half - fixed(0.34414)*v)
	}
	return s
}()

// clamp takes 256 off a sum and limits it to 8 bits. Its length is a power of
// two, which saves a check.
var clamp = func() (t [1024]uint8) {
	for i := range t {
		t[i] = uint8(min(max(i-256, 0), 255))
	}
	return t
}()

// colourRow converts a row.
func colourRow(luma []uint8, chroma []uint32, r, g, b []uint8) {
	s, n := sums, len(luma)
	chroma, r, g, b = chroma[:n], r[:n], g[:n], b[:n]
	for x, y := range luma {
		c := chroma[x]
		sum := uint64(y)*lumaStep + s.cb[uint8(c)] + s.cr[uint8(c>>16)]
		r[x] = clamp[sum>>redBits%1024]
		g[x] = clamp[sum>>greenBits%1024]
		b[x] = clamp[sum>>blueBits%1024]
	}
}

// studioRow converts a row of WebP's colours, whose luma runs from 16 to 235.
func studioRow(luma []uint8, chroma []uint32, r, g, b []uint8) {
	n := len(luma)
	chroma, r, g, b = chroma[:n], r[:n], g[:n], b[:n]
	limited := func(v int32) uint8 { return clamp[uint32(v>>6+256)%1024] }
	for x, v := range luma {
		y, u, v := int32(v)*19077>>8, int32(uint8(chroma[x])), int32(uint8(chroma[x]>>16))
		r[x] = limited(y + v*26149>>8 - 14234)
		g[x] = limited(y - u*6419>>8 - v*13320>>8 + 8708)
		b[x] = limited(y + u*33050>>8 - 17685)
	}
}
